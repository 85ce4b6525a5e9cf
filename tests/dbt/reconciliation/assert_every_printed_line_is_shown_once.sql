-- The printed lines of an invoice of the vendor are those of its file, in their order, each
-- once (INV-12). Words are compared as they are masked, whatever the build shows.
with

landed as (

    select
        vendor_lines.org_id,
        vendor_lines.invoice_number,
        {{ masked_words('vendor_lines.description') }} as description,
        vendor_lines.amount,
        row_number() over (
            partition by vendor_lines.org_id, vendor_lines.invoice_number
            order by vendor_lines.source_row, vendor_lines.file_id
        ) as line_number
    from {{ ref('stg_vendor_invoice_lines') }} as vendor_lines
    cross join {{ ref('int_as_of') }} as build
    anti join {{ ref('rejected_rows') }} as rejected
        on
            vendor_lines.file_id || '/' || vendor_lines.source_row
            = rejected.rejected_row_id
    where
        vendor_lines.row_status = 'accepted'
        and vendor_lines.invoice_date < build.as_of_date

),

shown as (

    select
        org_id,
        invoice_number,
        {{ masked_words('description') }} as description,
        printed_amount,
        line_number
    from {{ ref('vendor_invoice_lines') }}
    where is_printed

)

select
    coalesce(landed.org_id, shown.org_id) as org_id,
    coalesce(landed.invoice_number, shown.invoice_number) as invoice_number,
    coalesce(landed.line_number, shown.line_number) as line_number,
    landed.description as landed_description,
    landed.amount as landed_amount,
    shown.description as shown_description,
    shown.printed_amount as shown_amount
from landed
full outer join shown
    on
        landed.org_id = shown.org_id
        and landed.invoice_number = shown.invoice_number
        and landed.line_number = shown.line_number
where
    landed.amount is distinct from shown.printed_amount
    or landed.description is distinct from shown.description
