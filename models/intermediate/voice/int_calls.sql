with

build as (

    select * from {{ ref('int_as_of') }}

),

calls as (

    select calls.* replace (calls.duration_seconds::bigint as duration_seconds)
    from {{ ref('stg_voice_usage') }} as calls
    cross join build
    where
        calls.row_status = 'accepted'
        and calls.started_at < build.as_of_at

),

-- Calls come in millions, their descriptions in dozens: classify each description once.
descriptions as (

    select distinct
        usage_group,
        call_type,
        direction
    from calls

),

service_rules as (

    select * from {{ ref('call_service_rules') }}

),

-- The first rule of the list that fits (TELCO-03, TELCO-08).
services as (

    select
        descriptions.usage_group,
        descriptions.call_type,
        descriptions.direction,
        min_by(service_rules.service, service_rules.priority) as service
    from descriptions
    inner join service_rules
        on
            regexp_full_match(
                case service_rules.field
                    when 'usage_group' then descriptions.usage_group
                    when 'call_type' then descriptions.call_type
                    when 'direction' then descriptions.direction
                end,
                service_rules.pattern
            )
    group by
        descriptions.usage_group,
        descriptions.call_type,
        descriptions.direction

),

cycles as (

    select * from {{ ref('int_cycles') }}

),

-- A call belongs to the voice cycle it starts in (CYC-04); by the policy of the cycle,
-- increments of six seconds are rounded up (VOICE-03) or to the nearest, a half up (X5),
-- and six seconds are a tenth of a minute.
incremented as (

    select
        calls.*,
        services.service,
        cycles.cycle_start_date,
        cycles.currency as contract_currency,
        case cycles.call_rounding
            when 'nearest'
                then
                    (2 * calls.duration_seconds + cycles.call_increment_seconds)
                    // (2 * cycles.call_increment_seconds)
            else
                (calls.duration_seconds + cycles.call_increment_seconds - 1)
                // cycles.call_increment_seconds
        end * cycles.call_increment_seconds as rated_seconds,
        calls.duration_seconds between 1 and cycles.short_call_maximum_seconds
            as is_short
    from calls
    inner join services
        on
            calls.usage_group = services.usage_group
            and calls.call_type = services.call_type
            and calls.direction = services.direction
    inner join cycles
        on
            calls.org_id = cycles.org_id
            and calls.started_at >= cycles.voice_start_at
            and calls.started_at < cycles.voice_end_at

),

rated as (

    select
        org_id,
        file_id,
        source_row,
        sip_call_id,
        cycle_start_date,
        started_at,
        direction,
        call_type,
        service,
        origin,
        destination,
        duration_seconds,
        rated_seconds,
        rate_per_minute,
        reported_cost,
        round(rate_per_minute * (rated_seconds // 6) * 0.1, 4)::decimal(28, 4)
            as rated_cost,
        currency,
        currency = contract_currency as is_contract_currency,
        is_short,
        -- Either the record says so, or just one end is in the numbering zone +1.
        coalesce(
            call_type like '%international%'
            or usage_group like '%international%'
            or (
                origin like '+%'
                and destination like '+%'
                and (origin like '+1%') <> (destination like '+1%')
            ),
            false
        ) as is_international
    from incremented

)

select * from rated
