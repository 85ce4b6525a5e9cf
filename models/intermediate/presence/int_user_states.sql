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

-- The platform leaves out the end of a status that is current. The user's next later row of
-- any status ends it; without one it is still on.
resolved as (

    select
        org_id,
        feed,
        user_id,
        status,
        is_active,
        started_at,
        coalesce(
            ended_at,
            min(started_at) over (
                partition by org_id, feed, user_id
                order by epoch_us(started_at)
                range between 1 following and unbounded following
            )
        ) as ended_at,
        file_id,
        source_row
    from states

)

select * from resolved
