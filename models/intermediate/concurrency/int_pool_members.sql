with

billable_users as (

    select * from {{ ref('billable_users') }}

),

products as (

    select * from {{ ref('products') }}

),

product_pools as (

    select
        org_id,
        cycle_start_date,
        user_id,
        product_code as pool
    from billable_users

),

-- Every CX user whatever the level, for information; a user has one base license a cycle.
all_cx_users as (

    select
        billable_users.org_id,
        billable_users.cycle_start_date,
        billable_users.user_id,
        'cx_all' as pool
    from billable_users
    inner join products
        on billable_users.product_code = products.product_code
    where products.is_cx

),

members as (

    select * from product_pools
    union all
    select * from all_cx_users

)

select * from members
