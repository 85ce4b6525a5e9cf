with

build as (

    select * from {{ ref('int_build__as_of') }}

),

active_states as (

    select
        states.org_id,
        states.feed,
        states.user_id,
        states.started_at,
        least(
            coalesce(states.ended_at, build.as_of_at), build.as_of_at
        ) as ended_at
    from {{ ref('int_user_states__resolved') }} as states
    cross join build
    where
        states.is_active
        and states.started_at < build.as_of_at
        and states.started_at < coalesce(states.ended_at, build.as_of_at)

),

-- A row that starts after everything before it has ended begins a new period.
with_previous_end as (

    select
        *,
        max(ended_at) over (
            partition by org_id, feed, user_id
            order by started_at, ended_at
            rows between unbounded preceding and 1 preceding
        ) as previous_ended_at
    from active_states

),

numbered as (

    select
        *,
        count(*) filter (
            where previous_ended_at is null or started_at > previous_ended_at
        ) over (
            partition by org_id, feed, user_id
            order by started_at, ended_at
            rows unbounded preceding
        ) as period_number
    from with_previous_end

),

merged as (

    select
        org_id,
        feed,
        user_id,
        min(started_at) as started_at,
        max(ended_at) as ended_at
    from numbered
    group by org_id, feed, user_id, period_number

)

select * from merged
