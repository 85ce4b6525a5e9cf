with

landed as (

    {{ landed_rows('user_hour_report') }}

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
        case
            when parse_error is not null then parse_error
            when {{ missing(['user', 'date', 'duration']) }} then 'missing_value'
            when usage_date is null then 'not_a_timestamp'
            when logged_in_seconds is null then 'not_a_number'
        end as reject_reason
    from typed

)

select
    *,
    {{ row_status(['user_name', 'usage_date']) }} as row_status
from checked
