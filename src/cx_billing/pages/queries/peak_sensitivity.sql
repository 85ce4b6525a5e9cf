select
    minimum_minutes,
    reading,
    users_count,
    is_contract_rule,
    is_contract_minutes
from marts.peak_sensitivity
where org_id = $org_id and cycle_start_date = $cycle_start_date and pool = $pool
order by minimum_minutes, reading
