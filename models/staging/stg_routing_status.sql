with

landed as (

    {{ landed_rows('routing_status', times=['start_time', 'end_time']) }}

),

-- `Not Responding` is NOT_RESPONDING; a status that nobody listed stays.
status_names as (

    select distinct
        {{ name_key('routing_status') }} as name_key,
        routing_status
    from {{ ref('interacting_statuses') }}

),

typed as (

    select
        {{ provenance() }},
        landed.user_id,
        coalesce(status_names.routing_status, upper(landed.routing_status))
            as routing_status,
        {{ utc_timestamp('landed.start_time') }} as started_at,
        {{ utc_timestamp('landed.end_time') }} as ended_at
    from landed
    left join status_names
        on {{ name_key('landed.routing_status') }} = status_names.name_key

),

checked as (

    select
        * exclude (raw, parse_error),
        {{ rejection([
            ('missing_value', missing(['user_id', 'routing_status', 'start_time'])),
            ('unknown_value', names_of_objects(['user_id', 'routing_status'])),
            ('not_a_timestamp', unreadable(
                {'started_at': 'start_time', 'ended_at': 'end_time'}
            )),
            ('end_before_start', {'end_time': 'ended_at < started_at'}),
        ]) }}
    from typed

)

select
    *,
    {{ row_status(
        ['user_id', 'routing_status', 'started_at'],
        first='ended_at desc nulls last'
    ) }} as row_status
from checked
