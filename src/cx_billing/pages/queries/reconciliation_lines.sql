select
    invoice_reconciliation.org_id,
    invoice_reconciliation.reconciliation_id,
    invoice_reconciliation.invoice_number,
    invoice_reconciliation.expected_invoice_date,
    invoice_reconciliation.description,
    invoice_reconciliation.product_code,
    invoice_reconciliation.charge_type,
    invoice_reconciliation.service_period_start,
    invoice_reconciliation.service_period_end,
    invoice_reconciliation.invoiced_quantity,
    invoice_reconciliation.expected_quantity,
    invoice_reconciliation.invoiced_amount,
    invoice_reconciliation.expected_amount,
    invoice_reconciliation.variance_amount,
    invoice_reconciliation.reason,
    currencies.minor_units
from marts.invoice_reconciliation
inner join marts.organizations using (org_id)
inner join reference.currencies using (currency)
where
    invoice_reconciliation.org_id = $org_id
    and $invoice_date in (
        invoice_reconciliation.invoice_date,
        invoice_reconciliation.expected_invoice_date
    )
order by
    invoice_reconciliation.product_code nulls last,
    invoice_reconciliation.service_period_start,
    invoice_reconciliation.charge_type,
    invoice_reconciliation.reconciliation_id
