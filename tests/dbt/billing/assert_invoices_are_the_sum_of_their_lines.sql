-- No line without an invoice, no invoice without lines, no cent between them (INV-14).
with

line_totals as (

    select
        org_id,
        invoice_id,
        sum(amount) as lines_amount
    from {{ ref('invoice_lines') }}
    group by org_id, invoice_id

)

select
    coalesce(invoices.org_id, line_totals.org_id) as org_id,
    coalesce(invoices.invoice_id, line_totals.invoice_id) as invoice_id,
    invoices.total_amount,
    line_totals.lines_amount
from {{ ref('invoices') }} as invoices
full outer join line_totals
    on invoices.invoice_id = line_totals.invoice_id
where invoices.total_amount is distinct from line_totals.lines_amount
