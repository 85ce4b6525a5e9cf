with

steps as (

    select * from {{ ref('int_concurrency_steps') }}

),

cycles as (

    select * from {{ ref('int_cycles') }}

),

-- How long exactly N users were logged in, whenever that was (CONC-05, step 3).
time_at_level as (

    select
        org_id,
        cycle_start_date,
        pool,
        users_count,
        sum(epoch_us(ended_at) - epoch_us(started_at))::bigint as exact_us
    from steps
    where users_count > 0
    group by org_id, cycle_start_date, pool, users_count

),

time_at_or_above as (

    select
        *,
        (sum(exact_us) over (
            partition by org_id, cycle_start_date, pool
            order by users_count desc
            rows unbounded preceding
        ))::bigint as at_least_us
    from time_at_level

),

peaks as (

    select
        time_at_or_above.org_id,
        time_at_or_above.cycle_start_date,
        time_at_or_above.pool,
        coalesce(max(time_at_or_above.users_count) filter (
            where
            time_at_or_above.at_least_us
            >= cycles.peak_minimum_minutes::bigint * 60000000
        ), 0) as accumulated_users,
        coalesce(max(time_at_or_above.users_count) filter (
            where
            time_at_or_above.exact_us
            >= cycles.peak_minimum_minutes::bigint * 60000000
        ), 0) as accumulated_exact_users
    from time_at_or_above
    inner join cycles
        on
            time_at_or_above.org_id = cycles.org_id
            and time_at_or_above.cycle_start_date = cycles.cycle_start_date
    group by
        time_at_or_above.org_id,
        time_at_or_above.cycle_start_date,
        time_at_or_above.pool

)

select * from peaks
