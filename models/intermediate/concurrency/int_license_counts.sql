with

billable_users as (

    select * from {{ ref('billable_users') }}

),

logged_in as (

    select * from {{ ref('int_users_logged_in') }}

),

interacting as (

    select * from {{ ref('int_users_interacting') }}

),

measured as (

    select
        billable_users.org_id,
        billable_users.cycle_start_date,
        billable_users.product_code,
        count(*)::integer as named_users,
        sum(logged_in.logged_in_us)::decimal(38, 0) as logged_in_us,
        sum(coalesce(interacting.interacting_us, 0))::decimal(38, 0) as interacting_us
    from billable_users
    inner join logged_in
        on
            billable_users.org_id = logged_in.org_id
            and billable_users.cycle_start_date = logged_in.cycle_start_date
            and billable_users.user_id = logged_in.user_id
    left join interacting
        on
            billable_users.org_id = interacting.org_id
            and billable_users.cycle_start_date = interacting.cycle_start_date
            and billable_users.user_id = interacting.user_id
    group by
        billable_users.org_id,
        billable_users.cycle_start_date,
        billable_users.product_code

)

select * from measured
