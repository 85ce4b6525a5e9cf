with

interactions as (

    select * from {{ ref('int_interactions_by_cycle') }}

),

-- The unit of billing: customer account, platform and integration in a cycle. Agent, topic
-- and the number of interactions do not matter (CONV-01, CONV-04).
conversations as (

    select
        org_id,
        cycle_start_date,
        platform,
        integration_id,
        {{ keyed_hash('customer_account') }} as customer_account_key,
        count(*)::integer as interactions_count,
        min(started_at) as first_interaction_at,
        max(started_at) as last_interaction_at,
        bool_or(started_at < cycle_start_at) as is_carried_over
    from interactions
    where customer_account is not null and is_conversation
    group by
        org_id, cycle_start_date, platform, integration_id, customer_account

)

select
    md5(concat_ws(
        chr(31),
        org_id,
        cycle_start_date,
        platform,
        {{ keyed_hash('integration_id') }},
        customer_account_key
    )) as conversation_key,
    org_id,
    cycle_start_date,
    platform,
    {{ masked_id('integration_id') }} as integration_id,
    customer_account_key,
    interactions_count,
    first_interaction_at,
    last_interaction_at,
    is_carried_over
from conversations
