with

build as (

    select * from {{ ref('int_as_of') }}

),

calls as (

    select calls.*
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

)

select
    calls.org_id,
    calls.file_id,
    calls.source_row,
    calls.sip_call_id,
    calls.started_at,
    calls.direction,
    calls.call_type,
    calls.usage_group,
    services.service,
    calls.origin,
    calls.destination,
    calls.duration_seconds::bigint as duration_seconds,
    calls.rate_per_minute,
    calls.reported_cost,
    calls.currency
from calls
inner join services
    on
        calls.usage_group = services.usage_group
        and calls.call_type = services.call_type
        and calls.direction = services.direction
