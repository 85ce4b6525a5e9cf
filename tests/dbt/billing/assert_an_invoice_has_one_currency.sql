-- All lines of an invoice are in its currency.
select
    invoices.org_id,
    invoices.invoice_id,
    invoices.currency,
    string_agg(distinct invoice_lines.currency, ', ') as currencies_of_its_lines
from {{ ref('invoices') }} as invoices
inner join {{ ref('invoice_lines') }} as invoice_lines
    on invoices.invoice_id = invoice_lines.invoice_id
where invoices.currency <> invoice_lines.currency
group by invoices.org_id, invoices.invoice_id, invoices.currency
