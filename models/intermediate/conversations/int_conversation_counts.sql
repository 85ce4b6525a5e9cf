with

conversations as (

    select * from {{ ref('conversations') }}

),

meters as (

    select * from {{ ref('int_token_meters') }}

),

-- Tokens pay for the conversations of a platform whose messages have a meter (CONV-09).
counted as (

    select
        conversations.org_id,
        conversations.cycle_start_date,
        'conversation_' || conversations.platform as product_code,
        count(*)::decimal(38, 6) as quantity,
        bool_or(meters.product_code is not null) as is_paid_by_token
    from conversations
    left join meters
        on
            conversations.org_id = meters.org_id
            and conversations.cycle_start_date = meters.cycle_start_date
            and 'messages_' || conversations.platform = meters.product_code
    group by
        conversations.org_id, conversations.cycle_start_date, conversations.platform

)

select * from counted
