select
    short_call_surcharges.cycle_start_date,
    short_call_surcharges.completed_calls,
    short_call_surcharges.short_calls,
    short_call_surcharges.short_share * 100 as short_percent,
    short_call_surcharges.surcharge_quantity,
    short_call_surcharges.rate,
    short_call_surcharges.amount,
    short_call_surcharges.invoiced_quantity,
    short_call_surcharges.status,
    coalesce(currencies.minor_units, 2) as minor_units
from marts.short_call_surcharges
inner join marts.organizations using (org_id)
left join reference.currencies using (currency)
inner join marts.billing_cycles using (org_id, cycle_start_date)
where
    short_call_surcharges.org_id = $org_id
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
