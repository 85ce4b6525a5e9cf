select
    short_call_surcharges.org_id,
    short_call_surcharges.cycle_start_date,
    short_call_surcharges.completed_calls,
    short_call_surcharges.short_calls,
    short_call_surcharges.short_share * 100 as short_percent,
    short_call_surcharges.surcharge_quantity,
    short_call_surcharges.rate,
    short_call_surcharges.amount,
    short_call_surcharges.invoiced_quantity,
    short_call_surcharges.status,
    currencies.minor_units
from marts.short_call_surcharges
inner join marts.organizations using (org_id)
inner join reference.currencies using (currency)
where
    short_call_surcharges.org_id = $org_id
    and list_contains($invoice_dates::date[], short_call_surcharges.invoice_date)
order by short_call_surcharges.cycle_start_date
