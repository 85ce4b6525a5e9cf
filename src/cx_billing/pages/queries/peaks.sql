select
    org_id,
    cycle_start_date,
    pool,
    highest_users,
    sustained_users,
    accumulated_users,
    accumulated_exact_users,
    license_model,
    is_billed_by_peak,
    peak_rule,
    billable_users,
    peak_started_at,
    peak_ended_at
from marts.concurrency_peaks
where $org_id is null or org_id = $org_id
order by org_id, cycle_start_date, pool
