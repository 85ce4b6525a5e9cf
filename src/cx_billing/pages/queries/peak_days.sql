select
    org_id,
    pool,
    usage_date,
    peak_users,
    minutes_at_peak
from marts.concurrency_daily
where
    org_id = $org_id
    and cycle_start_date = $cycle_start_date
    and pool = $pool
order by usage_date
