with

interactions as (

    select * from {{ ref('stg_message_interactions') }}
    where row_status = 'accepted'

),

reach as (

    select * from {{ ref('int_data_reach') }}
    where dataset = 'message_interactions'

),

-- The platform leaves out the end of an interaction that goes on: as far as the data
-- reaches, or until the platform gives up waiting for the customer.
resolved as (

    select
        interactions.org_id,
        interactions.conversation_id,
        interactions.platform,
        interactions.integration_id,
        interactions.customer_account,
        interactions.started_at,
        coalesce(
            interactions.ended_at,
            greatest(
                interactions.started_at,
                least(
                    interactions.inactive_at,
                    greatest(interactions.started_at, reach.ends_at)
                )
            )
        ) as ended_at,
        interactions.file_id,
        interactions.source_row
    from interactions
    left join reach
        on
            interactions.org_id = reach.org_id
            and interactions.ended_at is null
            and interactions.started_at >= reach.begun_from
            and interactions.started_at < reach.begun_before

)

select * from resolved
