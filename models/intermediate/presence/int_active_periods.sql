with

build as (

    select * from {{ ref('int_as_of') }}

),

interacting_statuses as (

    select * from {{ ref('interacting_statuses') }}

),

-- From one change of the interacting statuses to the next: a cycle that starts in such a
-- span has the statuses of the span, to its end (HOUR-03).
spans as (

    select
        changes.applies_from,
        lead(changes.applies_from) over (order by changes.applies_from) as applies_to
    from (
        select valid_from as applies_from from interacting_statuses
        union
        select valid_to as applies_from from interacting_statuses
    ) as changes

),

counting as (

    select
        'routing' as feed,
        interacting_statuses.routing_status as status,
        spans.applies_from,
        spans.applies_to
    from spans
    inner join interacting_statuses
        on
            spans.applies_from >= interacting_statuses.valid_from
            and spans.applies_from < interacting_statuses.valid_to
    where interacting_statuses.is_interacting

),

-- Logged in does not depend on the cycle (LIC-02).
active_states as (

    select
        states.org_id,
        states.feed,
        coalesce(counting.applies_from, '1900-01-01'::date) as applies_from,
        coalesce(counting.applies_to, '9999-12-31'::date) as applies_to,
        states.user_id,
        states.started_at,
        least(states.ended_at, build.as_of_at) as ended_at
    from {{ ref('int_user_states') }} as states
    left join counting
        on
            states.feed = counting.feed
            and states.status = counting.status
    cross join build
    where
        (states.is_active or counting.status is not null)
        and states.started_at < build.as_of_at
        and states.started_at < states.ended_at

),

-- A row that starts after everything before it has ended begins a new period; of rows with
-- one start and end the first.
with_previous_end as (

    select
        *,
        max(ended_at) over (
            partition by org_id, feed, applies_from, user_id
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
            partition by org_id, feed, applies_from, user_id
            order by started_at asc, ended_at asc, previous_ended_at asc nulls first
            rows unbounded preceding
        ) as period_number
    from with_previous_end

),

merged as (

    select
        org_id,
        feed,
        applies_from,
        applies_to,
        user_id,
        min(started_at) as started_at,
        max(ended_at) as ended_at
    from numbered
    group by org_id, feed, applies_from, applies_to, user_id, period_number

)

select * from merged
