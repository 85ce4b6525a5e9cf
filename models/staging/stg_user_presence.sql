with

landed as (

    {{ landed_rows('user_presence', times=['start_time', 'end_time']) }}

),

-- A label of a screen is the presence it stands for (NAME-02).
presence_names as (

    select
        {{ name_key('name') }} as name_key,
        system_presence
    from {{ ref('system_presence_names') }}
    union
    select
        {{ name_key('system_presence') }} as name_key,
        system_presence
    from {{ ref('system_presences') }}

),

typed as (

    select
        {{ provenance() }},
        landed.user_id,
        coalesce(presence_names.system_presence, upper(landed.system_presence))
            as system_presence,
        {{ utc_timestamp('landed.start_time') }} as started_at,
        {{ utc_timestamp('landed.end_time') }} as ended_at
    from landed
    left join presence_names
        on {{ name_key('landed.system_presence') }} = presence_names.name_key

),

checked as (

    select
        * exclude (raw, parse_error),
        {{ rejection([
            ('missing_value', missing(['user_id', 'system_presence', 'start_time'])),
            ('unknown_value', names_of_objects(['user_id', 'system_presence'])),
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
        ['user_id', 'system_presence', 'started_at'],
        first='ended_at desc nulls last'
    ) }} as row_status
from checked
