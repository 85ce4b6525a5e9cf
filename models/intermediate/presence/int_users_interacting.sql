-- Time in a routing status that counts as interacting, logged in or not (HOUR-03).
select
    org_id,
    cycle_start_date,
    user_id,
    sum(epoch_us(ended_at) - epoch_us(started_at))::bigint as interacting_us
from {{ ref('int_active_periods_by_cycle') }}
where feed = 'routing'
group by org_id, cycle_start_date, user_id
