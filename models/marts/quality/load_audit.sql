with

landed_files as (

    select * from {{ ref('stg_landed_files') }}

),

judged as (

    select
        file_id,
        count(*) filter (where row_status = 'accepted')::bigint as rows_accepted,
        count(*) filter (where row_status in ('duplicate', 'withdrawn'))::bigint
            as rows_duplicate,
        count(*) filter (where row_status = 'rejected')::bigint as rows_rejected
    from {{ ref('int_landed_rows') }}
    group by file_id

),

invoice_lines as (

    select *
    from {{ ref('stg_vendor_invoice_lines') }}
    where row_status in ('accepted', 'duplicate')

),

-- What is dated on the day of the build or later is not known yet.
later_lines as (

    select
        dated.file_id,
        dated.invoice_number,
        dated.invoice_date,
        build.as_of_date,
        count(*) as lines_count
    from invoice_lines as dated
    inner join {{ ref('int_as_of') }} as build
        on dated.invoice_date >= build.as_of_date
    where dated.row_status = 'accepted'
    group by all

),

later as (

    select
        file_id,
        to_json(list(
            {
                'invoice_number': invoice_number,
                'invoice_date': invoice_date,
                'lines_count': lines_count,
                'as_of_date': as_of_date
            }
            order by invoice_date, invoice_number
        ))::varchar as later_invoices
    from later_lines
    group by file_id

),

invoices as (

    select
        org_id,
        invoice_number,
        file_id,
        min(source_file) as source_file,
        list((description, quantity, amount)) as printed_lines
    from invoice_lines
    where row_status = 'accepted'
    group by org_id, invoice_number, file_id

),

-- Invoices of which a later file has the number, and counts instead.
replaced_lines as (

    select
        replaced.file_id,
        replaced.invoice_number,
        min(invoices.source_file) as replaced_by,
        count(*) as lines_count,
        count(*) filter (where not list_contains(
            invoices.printed_lines,
            (replaced.description, replaced.quantity, replaced.amount)
        )) as left_out_count
    from invoice_lines as replaced
    inner join invoices
        on
            replaced.org_id = invoices.org_id
            and replaced.invoice_number = invoices.invoice_number
            and replaced.file_id <> invoices.file_id
    where
        replaced.row_status = 'duplicate'
        and replaced.counted_number = replaced.invoice_number
    group by replaced.file_id, replaced.invoice_number

),

replaced as (

    select
        file_id,
        to_json(list(
            {
                'invoice_number': invoice_number,
                'replaced_by': replaced_by,
                'lines_count': lines_count,
                'left_out_count': left_out_count
            }
            order by invoice_number
        ))::varchar as replaced_invoices
    from replaced_lines
    group by file_id

)

select
    landed_files.file_id,
    landed_files.org_id,
    landed_files.dataset,
    landed_files.source_file,
    landed_files.sha256,
    landed_files.landed_at,
    landed_files.rows_in_file,
    coalesce(judged.rows_accepted, 0) as rows_accepted,
    coalesce(judged.rows_duplicate, 0) as rows_duplicate,
    coalesce(judged.rows_rejected, 0) as rows_rejected,
    landed_files.withdrawn_at,
    landed_files.missing_parts,
    later.later_invoices,
    replaced.replaced_invoices
from landed_files
left join judged
    on landed_files.file_id = judged.file_id
left join later
    on landed_files.file_id = later.file_id
left join replaced
    on landed_files.file_id = replaced.file_id
