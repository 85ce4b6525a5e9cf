-- What is held for 30 minutes was reached, in one stretch no more than in all (CONC-02).
select
    org_id,
    cycle_start_date,
    pool,
    highest_users,
    accumulated_users,
    accumulated_exact_users,
    sustained_users,
    billable_users
from {{ ref('concurrency_peaks') }}
where
    sustained_users > accumulated_users
    or accumulated_users > highest_users
    or accumulated_exact_users > accumulated_users
    or billable_users > highest_users
