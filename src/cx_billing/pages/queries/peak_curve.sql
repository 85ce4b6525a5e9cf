select
    started_at,
    ended_at,
    users_count,
    is_exact
from marts.concurrency_curve
where org_id = $org_id and cycle_start_date = $cycle_start_date and pool = $pool
order by started_at
