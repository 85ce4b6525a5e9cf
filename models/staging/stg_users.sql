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
        {{ rejection([
            ('missing_value', {'user_id': (
                'raw.user_id is null',
                'the id of the user, as GET /api/v2/users tells it; an e-mail alone names nobody'
            )}),
            ('unknown_value', names_of_objects(['user_id'])),
        ]) }}
    from typed

)

select
    *,
    {{ row_status(['user_id']) }} as row_status
from checked
