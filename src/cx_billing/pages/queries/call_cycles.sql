select
    billing_cycles.cycle_start_date,
    billing_cycles.cycle_start_at,
    billing_cycles.usage_through_at,
    organizations.currency
from marts.billing_cycles
inner join marts.organizations using (org_id)
where billing_cycles.org_id = $org_id and billing_cycles.clock = 'voice'
order by billing_cycles.cycle_start_date
