with

landed as (

    {{ landed_rows('user_hour_report', dates=['date']) }}

),

typed as (

    select
        {{ provenance() }},
        lower(landed.user) as user_name,
        {{ utc_date('landed.date') }} as usage_date,
        case
            when landed.duration similar to '\d{1,4}:\d+:\d+:\d+'
                then
                    split_part(landed.duration, ':', 1)::integer * 3600
                    + try_cast(split_part(landed.duration, ':', 2) as smallint)::integer
                    * 60
                    + try_cast(split_part(landed.duration, ':', 3) as smallint)
                    + try_cast(split_part(landed.duration, ':', 4) as smallint) * 0.001
        end::decimal(38, 6) as logged_in_seconds
    from landed

),

checked as (

    select
        * exclude (raw, parse_error),
        {{ rejection([
            ('missing_value', missing(['user', 'date', 'duration'])),
            ('not_a_timestamp', unreadable({'usage_date': 'date'})),
            ('not_a_number', unreadable(
                {'logged_in_seconds': 'duration'},
                'hours, minutes, seconds and milliseconds, like 8:00:00:000'
            )),
        ]) }}
    from typed

)

select
    *,
    {{ row_status(['user_name', 'usage_date']) }} as row_status
from checked
