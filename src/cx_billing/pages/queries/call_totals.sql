select
    count(*) as calls_count,
    sum(calls.reported_cost) as reported_cost,
    sum(calls.rated_cost) filter (where calls.service <> 'byoc') as rated_cost
from marts.calls
where calls.org_id = $org_id and calls.cycle_start_date = $cycle_start_date
