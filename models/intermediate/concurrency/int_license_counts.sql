with

billable_users as (

    select * from {{ ref('int_billable_users') }}

),

user_time as (

    select * from {{ ref('int_user_time_by_cycle') }}

),

measured as (

    select
        billable_users.org_id,
        billable_users.cycle_start_date,
        billable_users.product_code,
        count(*)::integer as named_users,
        sum(user_time.logged_in_us)::decimal(38, 0) as logged_in_us,
        sum(user_time.interacting_us)::decimal(38, 0) as interacting_us
    from billable_users
    inner join user_time
        on
            billable_users.org_id = user_time.org_id
            and billable_users.cycle_start_date = user_time.cycle_start_date
            and billable_users.user_id = user_time.user_id
    group by
        billable_users.org_id,
        billable_users.cycle_start_date,
        billable_users.product_code

)

select * from measured
