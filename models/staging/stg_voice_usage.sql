with

landed as (

    {{ landed_rows(
        'voice_usage',
        numbers=['duration_seconds', 'usage_rate_per_minute', 'total_cost'],
        times=['start_time']
    ) }}

),

typed as (

    select
        {{ provenance() }},
        landed.sip_call_id,
        lower(coalesce({{ masked_words('landed.call_type') }}, '')) as call_type,
        lower({{ masked_words('landed.direction') }}) as direction,
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
        upper({{ masked_words('landed.currency') }}) as currency
    from landed

),

checked as (

    select
        * exclude (raw, parse_error),
        {{ rejection([
            ('missing_value', missing([
                'sip_call_id', 'direction', 'start_time', 'duration_seconds',
                'usage_rate_per_minute', 'total_cost', 'currency'
            ])),
            ('not_a_timestamp', unreadable({'started_at': 'start_time'})),
            ('not_a_number', {'duration_seconds': (
                'duration_seconds is null or duration_seconds <> duration_seconds::bigint',
                'whole seconds, like 60'
            )}),
            ('not_a_number', unreadable(
                {'rate_per_minute': 'usage_rate_per_minute', 'reported_cost': 'total_cost'}
            )),
            ('unknown_value', none_of({'direction': ['inbound', 'outbound']})),
            ('negative_quantity', {'duration_seconds': 'duration_seconds < 0'}),
        ]) }}
    from typed

)

select
    *,
    {{ row_status(['sip_call_id', 'direction', 'started_at']) }} as row_status
from checked
