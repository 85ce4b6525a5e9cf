with

billable_users as (

    select * from {{ ref('int_billable_users') }}

)

select
    org_id,
    cycle_start_date,
    {{ masked_id('user_id') }} as user_id,
    product_code,
    first_billable_login_at,
    logged_in_seconds
from billable_users
