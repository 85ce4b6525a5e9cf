with

members as (

    {{ pool_members() }}

),

logged_in_periods as (

    select * from {{ ref('int_active_periods_by_cycle') }}
    where feed = 'presence'

),

sessions as (

    select
        members.org_id,
        members.cycle_start_date,
        members.pool,
        logged_in_periods.started_at,
        logged_in_periods.ended_at
    from members
    inner join logged_in_periods
        on
            members.org_id = logged_in_periods.org_id
            and members.cycle_start_date = logged_in_periods.cycle_start_date
            and members.user_id = logged_in_periods.user_id

),

edges as (

    select
        org_id,
        cycle_start_date,
        pool,
        started_at as changed_at,
        1 as users_delta
    from sessions
    union all
    select
        org_id,
        cycle_start_date,
        pool,
        ended_at as changed_at,
        -1 as users_delta
    from sessions

),

-- A logout and a login at one instant cancel out: half-open intervals do not overlap.
changes as (

    select
        org_id,
        cycle_start_date,
        pool,
        changed_at,
        sum(users_delta)::integer as users_delta
    from edges
    group by org_id, cycle_start_date, pool, changed_at

),

steps as (

    select
        org_id,
        cycle_start_date,
        pool,
        changed_at as started_at,
        lead(changed_at) over pool_in_order as ended_at,
        (sum(users_delta) over pool_in_order)::integer as users_count
    from changes
    window
        pool_in_order as (
            partition by org_id, cycle_start_date, pool
            order by changed_at
        )

)

select * from steps
where ended_at is not null
