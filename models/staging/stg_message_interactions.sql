with

landed as (

    select
        *,
        lake_rows as as_landed
    from {{ source('lake', 'message_interactions') }} as lake_rows

),

platforms as (

    select * from {{ ref('messaging_platforms') }}

),

-- One account however it is written: phone numbers without punctuation, handles without
-- case where the platform ignores it (CONV-06). Platforms without punctuation either.
typed as (

    select
        landed.org_id,
        landed.file_id,
        landed.source_file,
        landed.source_row,
        landed.landed_at,
        landed.parse_error,
        {{ cleaned('landed.conversation_id') }} as conversation_id,
        case
            when
                platforms.is_phone_account
                and {{ cleaned('landed.customer_account') }} like '+%'
                then
                    '+' || regexp_replace(
                        {{ cleaned('landed.customer_account') }}, '[^0-9]', '', 'g'
                    )
            when platforms.is_case_insensitive
                then lower({{ cleaned('landed.customer_account') }})
            else {{ cleaned('landed.customer_account') }}
        end as customer_account,
        coalesce(
            platforms.platform,
            trim(
                regexp_replace(
                    lower({{ cleaned('landed.platform') }}), '[^a-z0-9]+', '_', 'g'
                ),
                '_'
            )
        ) as platform,
        {{ cleaned('landed.integration_id') }} as integration_id,
        {{ utc_timestamp('landed.start_time') }} as started_at,
        {{ utc_timestamp('landed.end_time') }} as ended_at,
        landed.as_landed
    from landed
    left join platforms
        on
            regexp_replace(lower(landed.platform), '[^a-z0-9]', '', 'g')
            = platforms.platform

),

judged as (

    select
        *,
        case
            when parse_error is not null then parse_error
            when
                {{ cleaned('as_landed.conversation_id') }} is null
                or {{ cleaned('as_landed.platform') }} is null
                or {{ cleaned('as_landed.integration_id') }} is null
                or {{ cleaned('as_landed.start_time') }} is null then 'missing_value'
            when
                (started_at is null and {{ cleaned('as_landed.start_time') }} is not null)
                or (ended_at is null and {{ cleaned('as_landed.end_time') }} is not null)
                then 'not_a_timestamp'
            when ended_at < started_at then 'end_before_start'
        end as reject_reason
    from typed

),

settled as (

    select
        org_id,
        file_id,
        source_file,
        source_row,
        landed_at,
        conversation_id,
        customer_account,
        platform,
        integration_id,
        started_at,
        ended_at,
        reject_reason,
        {{ row_status(
            [
                'conversation_id',
                'customer_account',
                'platform',
                'integration_id',
                'started_at'
            ],
            first='ended_at desc nulls last, landed_at desc, source_row desc'
        ) }}
            as row_status
    from judged

)

select * from settled
