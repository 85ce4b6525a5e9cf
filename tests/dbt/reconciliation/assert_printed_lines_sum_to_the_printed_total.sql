-- The printed total of an invoice of the vendor is the sum of its landed lines, and every
-- invoice before as-of has one (INV-12). Lines of an organization without a contract are
-- rejected instead.
with

landed as (

    select
        vendor_lines.org_id,
        vendor_lines.invoice_number,
        sum(vendor_lines.amount) as lines_total
    from {{ ref('stg_vendor_invoice_lines') }} as vendor_lines
    cross join {{ ref('int_as_of') }} as build
    anti join {{ ref('rejected_rows') }} as rejected
        on
            vendor_lines.file_id || '/' || vendor_lines.source_row
            = rejected.rejected_row_id
    where
        vendor_lines.row_status = 'accepted'
        and vendor_lines.invoice_date < build.as_of_date
    group by vendor_lines.org_id, vendor_lines.invoice_number

)

select
    coalesce(landed.org_id, invoices.org_id) as org_id,
    coalesce(landed.invoice_number, invoices.invoice_number) as invoice_number,
    landed.lines_total as landed_total,
    invoices.lines_total,
    invoices.printed_total
from landed
full outer join {{ ref('vendor_invoices') }} as invoices
    on
        landed.org_id = invoices.org_id
        and landed.invoice_number = invoices.invoice_number
where
    landed.lines_total is distinct from invoices.printed_total
    or invoices.lines_total is distinct from invoices.printed_total
