select
    telco_reconciliation.org_id,
    telco_reconciliation.cycle_start_date,
    telco_reconciliation.service,
    telco_reconciliation.calls_count,
    telco_reconciliation.cdr_minutes,
    telco_reconciliation.cdr_cost,
    telco_reconciliation.rated_cost,
    telco_reconciliation.invoiced_us_amount,
    telco_reconciliation.invoiced_international_amount,
    telco_reconciliation.invoiced_amount,
    telco_reconciliation.variance_amount,
    telco_reconciliation.status,
    currencies.minor_units
from marts.telco_reconciliation
inner join marts.organizations using (org_id)
inner join reference.currencies using (currency)
where
    ($org_id is null or telco_reconciliation.org_id = $org_id)
    and (
        $invoice_dates is null
        or list_contains($invoice_dates::date[], telco_reconciliation.invoice_date)
    )
order by
    telco_reconciliation.org_id,
    telco_reconciliation.cycle_start_date,
    telco_reconciliation.service
