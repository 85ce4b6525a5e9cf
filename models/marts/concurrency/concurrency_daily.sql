with

steps as (

    select * from {{ ref('int_concurrency_steps') }}
    where users_count > 0

),

pools as (

    {{ concurrency_pools() }}

),

step_days as (

    select
        steps.org_id,
        steps.cycle_start_date,
        steps.pool,
        steps.users_count,
        steps.started_at,
        steps.ended_at,
        unnest(
            generate_series(
                steps.started_at::date,
                (steps.ended_at - interval 1 microsecond)::date,
                interval 1 day
            )
        )::date as usage_date
    from steps
    inner join pools
        on
            steps.pool = pools.pool
            and (pools.org_id is null or steps.org_id = pools.org_id)

),

time_at_level as (

    select
        org_id,
        max(cycle_start_date) as cycle_start_date,
        usage_date,
        pool,
        users_count,
        sum(
            epoch_us(least(ended_at, usage_date + interval 1 day))
            - epoch_us(greatest(started_at, usage_date::timestamp))
        )::bigint as at_level_us
    from step_days
    group by org_id, usage_date, pool, users_count

),

daily_peaks as (

    select
        org_id,
        max(cycle_start_date) as cycle_start_date,
        usage_date,
        pool,
        max(users_count) as peak_users,
        max_by(at_level_us, users_count) as at_peak_us
    from time_at_level
    group by org_id, usage_date, pool

)

select
    org_id,
    usage_date,
    pool,
    peak_users,
    {{ divide_half_up('at_peak_us * 0.000001', '60') }} as minutes_at_peak,
    cycle_start_date
from daily_peaks
