with

landed as (

    {{ landed_rows('users') }}

),

typed as (

    select
        {{ provenance() }},
        landed.user_id,
        lower(landed.email) as email,
        landed.name as user_name
    from landed

),

checked as (

    select
        * exclude (raw, parse_error),
        case
            when parse_error is not null then parse_error
            when {{ missing(['user_id']) }} then 'missing_value'
        end as reject_reason
    from typed

)

select
    *,
    {{ row_status(['user_id']) }} as row_status
from checked
