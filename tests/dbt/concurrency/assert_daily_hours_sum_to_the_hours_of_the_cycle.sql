-- A user's logged-in time of a cycle is the sum of its days, to the microsecond (HOUR-01).
with

daily as (

    select
        hours.org_id,
        cycles.cycle_start_date,
        hours.user_id,
        sum(hours.logged_in_seconds) as seconds_of_the_days
    from {{ ref('user_hours_daily') }} as hours
    inner join {{ ref('billing_cycles') }} as cycles
        on
            hours.org_id = cycles.org_id
            and hours.usage_date >= cycles.cycle_start_date
            and hours.usage_date < cycles.cycle_end_date
            and cycles.clock = 'core'
    group by hours.org_id, cycles.cycle_start_date, hours.user_id

)

select
    billable_users.org_id,
    billable_users.cycle_start_date,
    billable_users.user_id,
    billable_users.product_code,
    billable_users.logged_in_seconds,
    daily.seconds_of_the_days
from {{ ref('billable_users') }} as billable_users
left join daily
    on
        billable_users.org_id = daily.org_id
        and billable_users.cycle_start_date = daily.cycle_start_date
        and billable_users.user_id = daily.user_id
where billable_users.logged_in_seconds is distinct from daily.seconds_of_the_days
