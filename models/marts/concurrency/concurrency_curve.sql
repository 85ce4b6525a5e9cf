with

pools as (

    {{ concurrency_pools() }}

),

steps as (

    select steps.*
    from {{ ref('int_concurrency_steps') }} as steps
    semi join pools
        on
            steps.pool = pools.pool
            and (pools.org_id is null or steps.org_id = pools.org_id)
    where steps.users_count > 0

),

peaks as (

    select * from {{ ref('int_peaks') }}
    where billable_users > 0

),

step_hours as (

    select
        *,
        unnest(
            generate_series(
                date_trunc('hour', started_at),
                date_trunc('hour', ended_at - interval 1 microsecond),
                interval 1 hour
            )
        ) as hour_started_at
    from steps

),

-- What an accumulated reading counts has no one place: the hour with the most of it.
fullest_hours as (

    select
        peaks.org_id,
        peaks.cycle_start_date,
        peaks.pool,
        step_hours.hour_started_at,
        sum(
            epoch_us(
                least(step_hours.ended_at, step_hours.hour_started_at + interval 1 hour)
            )
            - epoch_us(greatest(step_hours.started_at, step_hours.hour_started_at))
        ) as counted_us
    from peaks
    inner join step_hours
        on
            peaks.org_id = step_hours.org_id
            and peaks.cycle_start_date = step_hours.cycle_start_date
            and peaks.pool = step_hours.pool
            and if(
                peaks.peak_rule = 'accumulated_exact',
                peaks.billable_users = step_hours.users_count,
                peaks.billable_users <= step_hours.users_count
            )
    where peaks.peak_started_at is null
    group by
        peaks.org_id, peaks.cycle_start_date, peaks.pool, step_hours.hour_started_at
    qualify
        row_number() over (
            partition by peaks.org_id, peaks.cycle_start_date, peaks.pool
            order by counted_us desc, step_hours.hour_started_at asc
        ) = 1

),

-- An hour before and after the billed peak, of which six hours at most, are shown exactly.
around_peaks as (

    select
        peaks.org_id,
        peaks.cycle_start_date,
        peaks.pool,
        coalesce(
            date_trunc('hour', peaks.peak_started_at), fullest_hours.hour_started_at
        ) - interval 1 hour as exact_from,
        coalesce(
            date_trunc(
                'hour',
                least(peaks.peak_ended_at, peaks.peak_started_at + interval 6 hour)
                - interval 1 microsecond
            ),
            fullest_hours.hour_started_at
        ) + interval 2 hour as exact_to
    from peaks
    left join fullest_hours
        on
            peaks.org_id = fullest_hours.org_id
            and peaks.cycle_start_date = fullest_hours.cycle_start_date
            and peaks.pool = fullest_hours.pool

),

pieces as (

    select
        step_hours.*,
        coalesce(
            step_hours.hour_started_at >= around_peaks.exact_from
            and step_hours.hour_started_at < around_peaks.exact_to,
            false
        ) as is_exact
    from step_hours
    left join around_peaks
        on
            step_hours.org_id = around_peaks.org_id
            and step_hours.cycle_start_date = around_peaks.cycle_start_date
            and step_hours.pool = around_peaks.pool

)

select
    org_id,
    cycle_start_date,
    pool,
    if(is_exact, greatest(started_at, hour_started_at), hour_started_at) as started_at,
    max(if(
        is_exact,
        least(ended_at, hour_started_at + interval 1 hour),
        hour_started_at + interval 1 hour
    )) as ended_at,
    max(users_count) as users_count,
    is_exact
from pieces
group by
    org_id,
    cycle_start_date,
    pool,
    if(is_exact, greatest(started_at, hour_started_at), hour_started_at),
    is_exact
