select
    org_id,
    invoice_id,
    billing_account_id,
    invoice_date,
    due_date,
    invoice_status,
    currency,
    subtotal_amount,
    tax_amount,
    total_amount,
    is_covered,
    coverage_note
from marts.invoices
where org_id = $org_id
order by invoice_date
