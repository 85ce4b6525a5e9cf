-- Being logged in at any instant of the cycle makes a user billable (LIC-01, NAMED-01);
-- time in a routing status that counts as interacting is kept whether logged in or not
-- (HOUR-03).
select
    org_id,
    cycle_start_date,
    user_id,
    min(started_at) filter (where feed = 'presence') as first_billable_login_at,
    coalesce(
        sum(epoch_us(ended_at) - epoch_us(started_at)) filter (where feed = 'presence'), 0
    )::bigint as logged_in_us,
    coalesce(
        sum(epoch_us(ended_at) - epoch_us(started_at)) filter (where feed = 'routing'), 0
    )::bigint as interacting_us
from {{ ref('int_active_periods_by_cycle') }}
group by org_id, cycle_start_date, user_id
