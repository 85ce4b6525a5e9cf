with

landed as (

    {{ landed_rows(
        'message_interactions',
        times=['start_time', 'end_time', 'inactivity_timeout']
    ) }}

),

platforms as (

    select * from {{ ref('messaging_platforms') }}

),

platform_names as (

    select
        {{ name_key('name') }} as name_key,
        platform
    from {{ ref('messaging_platform_names') }}
    union
    select
        {{ name_key('platform') }} as name_key,
        platform
    from platforms

),

-- One account however it is written: a phone by its digits, a handle without case where
-- the platform ignores it; any other id as it is (CONV-06). A platform by any of its names.
typed as (

    select
        {{ provenance() }},
        landed.conversation_id,
        case
            when platforms.is_phone_account
                then coalesce(
                    {{ phone_account('landed.customer_account') }},
                    landed.customer_account
                )
            when platforms.is_case_insensitive then lower(landed.customer_account)
            else landed.customer_account
        end as customer_account,
        coalesce(
            platforms.platform,
            trim(
                regexp_replace(
                    lower({{ masked_id('landed.platform', 'landed.org_id') }}),
                    '[^a-z0-9]+',
                    '_',
                    'g'
                ),
                '_'
            )
        ) as platform,
        landed.integration_id,
        {{ utc_timestamp('landed.start_time') }} as started_at,
        {{ utc_timestamp('landed.end_time') }} as ended_at,
        {{ utc_timestamp('landed.inactivity_timeout') }} as inactive_at
    from landed
    left join platform_names
        on {{ name_key('landed.platform') }} = platform_names.name_key
    left join platforms
        on platform_names.platform = platforms.platform

),

checked as (

    select
        * exclude (raw, parse_error),
        {{ rejection([
            ('missing_value', missing(
                ['conversation_id', 'platform', 'integration_id', 'start_time']
            )),
            ('unknown_value', names_of_objects(
                ['conversation_id', 'customer_account', 'platform', 'integration_id']
            )),
            ('not_a_timestamp', unreadable(
                {
                    'started_at': 'start_time',
                    'ended_at': 'end_time',
                    'inactive_at': 'inactivity_timeout'
                }
            )),
            ('end_before_start', {'end_time': 'ended_at < started_at'}),
        ]) }}
    from typed

)

select
    *,
    {{ row_status(
        ['conversation_id', 'customer_account', 'platform', 'integration_id', 'started_at'],
        first='ended_at desc nulls last'
    ) }} as row_status
from checked
