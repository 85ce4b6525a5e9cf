with

cycles as (

    select * from {{ ref('int_cycles') }}

),

-- What bills by interacting time, for designated users or in the contract as a whole.
licenses as (

    select * from {{ ref('int_license_terms') }}
    where hourly_model = 'interacting'

),

counted as (

    select * from {{ ref('int_billed_users') }}

),

-- Only users who were logged in are billable: the hours of the others are on no line.
never_logged_in as (

    select * from {{ ref('int_user_time_by_cycle') }}
    where first_billable_login_at is null

),

summed as (

    select
        counted.org_id,
        counted.cycle_start_date,
        counted.product_code,
        sum(never_logged_in.interacting_us)::decimal(38, 0) as interacting_us
    from never_logged_in
    inner join counted
        on
            never_logged_in.org_id = counted.org_id
            and never_logged_in.cycle_start_date = counted.cycle_start_date
            and never_logged_in.user_id = counted.user_id
    inner join cycles
        on
            counted.org_id = cycles.org_id
            and counted.cycle_start_date = cycles.cycle_start_date
    inner join licenses
        on
            cycles.org_id = licenses.org_id
            and cycles.contract_id = licenses.contract_id
            and counted.product_code = licenses.product_code
    group by counted.org_id, counted.cycle_start_date, counted.product_code

)

select
    org_id,
    cycle_start_date,
    product_code,
    {{ divide_half_up('interacting_us * 0.000001', '3600') }} as interacting_hours
from summed
