with

landed as (

    {{ landed_rows('voice_usage') }}

),

typed as (

    select
        {{ provenance() }},
        landed.sip_call_id,
        lower(coalesce(landed.call_type, '')) as call_type,
        lower(landed.direction) as direction,
        lower(concat_ws(' ', landed.usage_group, landed.usage_group_display))
            as usage_group,
        landed.origin,
        landed.destination,
        {{ utc_timestamp('landed.start_time') }} as started_at,
        try_cast(landed.duration_seconds as decimal(12, 3))::decimal(18, 3)
            as duration_seconds,
        try_cast(landed.usage_rate_per_minute as decimal(18, 10))::decimal(28, 10)
            as rate_per_minute,
        try_cast(landed.total_cost as decimal(18, 10))::decimal(28, 10) as reported_cost,
        upper(landed.currency) as currency
    from landed

),

checked as (

    select
        * exclude (raw, parse_error),
        case
            when parse_error is not null then parse_error
            when {{ missing([
                'sip_call_id', 'direction', 'start_time', 'duration_seconds',
                'usage_rate_per_minute', 'total_cost', 'currency'
            ]) }} then 'missing_value'
            when started_at is null then 'not_a_timestamp'
            when
                duration_seconds is null
                or duration_seconds <> duration_seconds::bigint
                or rate_per_minute is null
                or reported_cost is null then 'not_a_number'
            when direction not in ('inbound', 'outbound') then 'unknown_value'
            when duration_seconds < 0 then 'negative_quantity'
        end as reject_reason
    from typed

)

select
    *,
    {{ row_status(['sip_call_id', 'direction', 'started_at']) }} as row_status
from checked
