with

logged_in as (

    select * from {{ ref('int_user_time_by_cycle') }}
    where first_billable_login_at is not null

),

counted as (

    select * from {{ ref('int_billed_users') }}

)

select
    logged_in.org_id,
    logged_in.cycle_start_date,
    logged_in.user_id,
    counted.product_code,
    logged_in.first_billable_login_at,
    (logged_in.logged_in_us * 0.000001)::decimal(38, 6) as logged_in_seconds
from logged_in
inner join counted
    on
        logged_in.org_id = counted.org_id
        and logged_in.cycle_start_date = counted.cycle_start_date
        and logged_in.user_id = counted.user_id
