with

steps as (

    select * from {{ ref('int_concurrency_steps') }}

),

cycles as (

    select * from {{ ref('int_cycles') }}

),

timed_steps as (

    select
        steps.org_id,
        steps.cycle_start_date,
        steps.pool,
        epoch_us(steps.started_at) as started_us,
        steps.users_count,
        cycles.peak_minimum_minutes::bigint * 60000000 as minimum_us,
        cycles.peak_minimum_minutes::bigint * 60000000 - 1 as reach_us,
        max(epoch_us(steps.ended_at)) over (
            partition by steps.org_id, steps.cycle_start_date, steps.pool
        ) as pool_ended_us
    from steps
    inner join cycles
        on
            steps.org_id = cycles.org_id
            and steps.cycle_start_date = cycles.cycle_start_date

),

-- An unbroken stretch can always be taken to begin where a step begins; the fewest users of
-- the minimum's length from there on is what that stretch sustains (CONC-02).
stretches as (

    select
        *,
        min(users_count) over (
            partition by org_id, cycle_start_date, pool
            order by started_us
            range between current row and reach_us following
        ) as sustained_users
    from timed_steps

),

peaks as (

    select
        org_id,
        cycle_start_date,
        pool,
        max(users_count) as highest_users,
        coalesce(max(sustained_users) filter (
            where started_us + minimum_us <= pool_ended_us
        ), 0) as sustained_users
    from stretches
    group by org_id, cycle_start_date, pool

)

select * from peaks
