with

presence as (

    select
        user_presence.org_id,
        'presence' as feed,
        user_presence.user_id,
        user_presence.system_presence as status,
        user_presence.started_at,
        user_presence.ended_at,
        user_presence.file_id,
        user_presence.source_row,
        -- Logged in is any system presence other than Offline, a new one too (LIC-02).
        coalesce(system_presences.is_logged_in, true) as is_active
    from {{ ref('stg_user_presence') }} as user_presence
    left join {{ ref('system_presences') }} as system_presences
        on user_presence.system_presence = system_presences.system_presence
    where user_presence.row_status = 'accepted'

),

routing as (

    select
        routing_status.org_id,
        'routing' as feed,
        routing_status.user_id,
        routing_status.routing_status as status,
        routing_status.started_at,
        routing_status.ended_at,
        routing_status.file_id,
        routing_status.source_row,
        -- Which of them are interacting depends on the cycle (HOUR-03).
        null::boolean as is_active
    from {{ ref('stg_routing_status') }} as routing_status
    where routing_status.row_status = 'accepted'

),

states as (

    select * from presence
    union all
    select * from routing

),

reach as (

    select
        *,
        if(dataset = 'user_presence', 'presence', 'routing') as feed
    from {{ ref('int_data_reach') }}
    where dataset in ('user_presence', 'routing_status')

),

with_next_start as (

    select
        *,
        min(started_at) over (
            partition by org_id, feed, user_id
            order by epoch_us(started_at)
            range between 1 following and unbounded following
        ) as next_started_at
    from states

),

-- The platform leaves out the end of a status that is current. The user's next later row of
-- any status ends it, at the latest the end of the data: what comes then is not known.
resolved as (

    select
        states.org_id,
        states.feed,
        states.user_id,
        states.status,
        states.is_active,
        states.started_at,
        coalesce(
            states.ended_at,
            least(states.next_started_at, greatest(states.started_at, reach.ends_at))
        ) as ended_at,
        states.ended_at is null and states.next_started_at is null as is_open,
        states.file_id,
        states.source_row
    from with_next_start as states
    left join reach
        on
            states.org_id = reach.org_id
            and states.feed = reach.feed
            and states.ended_at is null
            and states.started_at >= reach.begun_from
            and states.started_at < reach.begun_before

)

select * from resolved
