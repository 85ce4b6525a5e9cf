-- Being logged in at any instant of the cycle makes a user billable (LIC-01, NAMED-01).
select
    org_id,
    cycle_start_date,
    user_id,
    min(started_at) as first_billable_login_at,
    sum(epoch_us(ended_at) - epoch_us(started_at))::bigint as logged_in_us
from {{ ref('int_active_periods_by_cycle') }}
where feed = 'presence'
group by org_id, cycle_start_date, user_id
