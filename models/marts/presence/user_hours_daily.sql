with

daily as (

    select
        org_id,
        user_id,
        usage_date,
        coalesce(sum(epoch_us(ended_at) - epoch_us(started_at)) filter (
            where feed = 'presence'
        ), 0)::bigint as logged_in_us,
        coalesce(sum(epoch_us(ended_at) - epoch_us(started_at)) filter (
            where feed = 'routing'
        ), 0)::bigint as interacting_us
    from {{ ref('int_active_periods_by_day') }}
    group by org_id, user_id, usage_date

)

select
    org_id,
    user_id,
    usage_date,
    (logged_in_us * 0.000001)::decimal(38, 6) as logged_in_seconds,
    format(
        '{}:{:02d}:{:02d}:{:03d}',
        logged_in_us // 3600000000,
        logged_in_us // 60000000 % 60,
        logged_in_us // 1000000 % 60,
        logged_in_us // 1000 % 1000
    ) as logged_in_duration,
    (interacting_us * 0.000001)::decimal(38, 6) as interacting_seconds
from daily
