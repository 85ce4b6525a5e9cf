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
        cycle_start_date,
        usage_date,
        feed,
        user_id,
        greatest(started_at, usage_date::timestamp) as started_at,
        least(ended_at, usage_date + interval 1 day) as ended_at
    from days

)

select * from clipped
