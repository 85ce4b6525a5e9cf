with

user_hours as (

    select * from {{ ref('int_user_hours') }}

)

select
    org_id,
    {{ masked_id('user_id') }} as user_id,
    usage_date,
    logged_in_seconds,
    logged_in_duration,
    interacting_seconds
from user_hours
