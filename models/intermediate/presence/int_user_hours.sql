with

periods as (

    select * from {{ ref('int_active_periods_by_cycle') }}

),

-- One row per day a period touches; its last instant is just before its end.
days as (

    select
        *,
        unnest(
            generate_series(
                started_at::date,
                (ended_at - interval 1 microsecond)::date,
                interval 1 day
            )
        )::date as usage_date
    from periods

),

clipped as (

    select
        org_id,
        user_id,
        usage_date,
        feed,
        epoch_us(least(ended_at, usage_date + interval 1 day))
        - epoch_us(greatest(started_at, usage_date::timestamp)) as active_us
    from days

),

daily as (

    select
        org_id,
        user_id,
        usage_date,
        coalesce(sum(active_us) filter (
            where feed = 'presence'
        ), 0)::bigint as logged_in_us,
        coalesce(sum(active_us) filter (
            where feed = 'routing'
        ), 0)::bigint as interacting_us
    from clipped
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
