select
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
    coalesce(currencies.minor_units, 2) as minor_units
from marts.telco_reconciliation
inner join marts.organizations using (org_id)
left join reference.currencies using (currency)
inner join marts.billing_cycles using (org_id, cycle_start_date)
where
    telco_reconciliation.org_id = $org_id
    and billing_cycles.clock = 'voice'
    -- Of the voice cycle that ends on the date, or, since the vendor may date its invoice a
    -- few days later, of the cycle its usage lines are for.
    and (
        billing_cycles.cycle_end_date = $invoice_date
        or billing_cycles.cycle_end_date in (
            select service_period_end
            from marts.invoice_reconciliation
            where
                org_id = $org_id
                and $invoice_date in (invoice_date, expected_invoice_date)
                and charge_type in ('usage', 'surcharge')
        )
    )
order by telco_reconciliation.service
