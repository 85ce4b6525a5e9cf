with

steps as (

    select * from {{ ref('int_concurrency_steps') }}

),

peaks as (

    select * from {{ ref('int_peaks') }}
    where peak_rule = 'sustained' and billable_users > 0

),

cycles as (

    select * from {{ ref('int_cycles') }}

),

steps_at_peak as (

    select
        steps.org_id,
        steps.cycle_start_date,
        steps.pool,
        steps.started_at,
        steps.ended_at,
        cycles.peak_minimum_minutes * interval 1 minute as minimum_length,
        coalesce(lag(steps.ended_at) over pool_in_order <> steps.started_at, true)
            as begins_stretch
    from steps
    inner join peaks
        on
            steps.org_id = peaks.org_id
            and steps.cycle_start_date = peaks.cycle_start_date
            and steps.pool = peaks.pool
            and steps.users_count >= peaks.billable_users
    inner join cycles
        on
            steps.org_id = cycles.org_id
            and steps.cycle_start_date = cycles.cycle_start_date
    window
        pool_in_order as (
            partition by steps.org_id, steps.cycle_start_date, steps.pool
            order by steps.started_at
        )

),

numbered as (

    select
        *,
        count(*) filter (where begins_stretch) over (
            partition by org_id, cycle_start_date, pool
            order by started_at
            rows unbounded preceding
        ) as stretch_number
    from steps_at_peak

),

stretches as (

    select
        org_id,
        cycle_start_date,
        pool,
        min(started_at) as peak_started_at,
        max(ended_at) as peak_ended_at
    from numbered
    group by org_id, cycle_start_date, pool, stretch_number
    having max(ended_at) - min(started_at) >= max(minimum_length)

),

-- The first unbroken stretch that supports the billed number is its witness.
witnesses as (

    select
        org_id,
        cycle_start_date,
        pool,
        min(peak_started_at) as peak_started_at,
        min_by(peak_ended_at, peak_started_at) as peak_ended_at
    from stretches
    group by org_id, cycle_start_date, pool

)

select * from witnesses
