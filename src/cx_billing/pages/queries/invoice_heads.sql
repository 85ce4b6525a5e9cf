select
    invoices.org_id,
    invoices.invoice_id,
    invoices.billing_account_id,
    invoices.invoice_date,
    invoices.due_date,
    invoices.invoice_status,
    invoices.currency,
    currencies.minor_units,
    invoices.subtotal_amount,
    invoices.tax_amount,
    invoices.total_amount,
    invoices.is_covered,
    invoices.coverage_note,
    invoices.sealed_at,
    invoices.sealed_by
from marts.invoices
left join reference.currencies using (currency)
where invoices.org_id = $org_id
order by invoices.invoice_date
