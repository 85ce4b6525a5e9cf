with

build as (

    select * from {{ ref('int_as_of') }}

),

cycles as (

    select * from {{ ref('int_cycles') }}

),

platforms as (

    select * from {{ ref('messaging_platforms') }}

),

interactions as (

    select
        interactions.org_id,
        interactions.conversation_id,
        interactions.platform,
        interactions.integration_id,
        interactions.customer_account,
        -- Text messages are billed one by one, not as conversations (CONV-08).
        coalesce(platforms.is_conversation, true) as is_conversation,
        interactions.started_at,
        least(interactions.ended_at, build.as_of_at) as ended_at
    from {{ ref('int_interactions') }} as interactions
    left join platforms
        on interactions.platform = platforms.platform
    cross join build
    where interactions.started_at < build.as_of_at

),

-- An interaction counts in each cycle it overlaps (CONV-02); one of no length in the cycle
-- of its instant.
by_cycle as (

    select
        interactions.org_id,
        cycles.cycle_start_date,
        cycles.cycle_start_at,
        interactions.platform,
        interactions.integration_id,
        interactions.customer_account,
        interactions.is_conversation,
        interactions.started_at
    from interactions
    inner join cycles
        on
            interactions.org_id = cycles.org_id
            and interactions.started_at < cycles.cycle_end_at
            and (
                interactions.ended_at > cycles.cycle_start_at
                or interactions.started_at >= cycles.cycle_start_at
            )

)

select * from by_cycle
