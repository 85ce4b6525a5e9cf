-- A vendor invoice dated before as-of comes out of the comparison with every line and every
-- cent (INV-12). Lines of an organization without a contract are rejected instead.
with

vendor_lines as (

    select
        vendor_lines.org_id,
        count(*) as lines_count,
        sum(vendor_lines.amount) as amount
    from {{ ref('stg_vendor_invoice_lines') }} as vendor_lines
    cross join {{ ref('int_as_of') }} as build
    anti join {{ ref('rejected_rows') }} as rejected
        on
            vendor_lines.file_id || '/' || vendor_lines.source_row
            = rejected.rejected_row_id
    where
        vendor_lines.row_status = 'accepted'
        and vendor_lines.invoice_date < build.as_of_date
    group by vendor_lines.org_id

),

compared as (

    select
        org_id,
        count(*) as lines_count,
        sum(invoiced_amount) as amount
    from {{ ref('invoice_reconciliation') }}
    where invoice_number is not null
    group by org_id

)

select
    coalesce(vendor_lines.org_id, compared.org_id) as org_id,
    vendor_lines.lines_count as vendor_lines,
    compared.lines_count as compared_lines,
    vendor_lines.amount as vendor_amount,
    compared.amount as compared_amount
from vendor_lines
full outer join compared
    on vendor_lines.org_id = compared.org_id
where
    vendor_lines.lines_count is distinct from compared.lines_count
    or vendor_lines.amount is distinct from compared.amount
