with

cycles as (

    select * from {{ ref('int_cycles') }}

),

account_products as (

    select * from {{ ref('products') }}
    where kind = 'account'

),

assignments as (

    select * from {{ ref('stg_license_assignments') }}
    where row_status = 'accepted'

),

-- By configuration, not by login: whoever was assigned one at any instant of the part of
-- the cycle seen so far (LIC-11).
assigned as (

    select distinct
        assignments.org_id,
        cycles.cycle_start_date,
        assignments.product_code,
        assignments.user_id
    from assignments
    semi join account_products
        on assignments.product_code = account_products.product_code
    inner join cycles
        on
            assignments.org_id = cycles.org_id
            and assignments.assigned_from < cycles.usage_through_at
            and coalesce(assignments.assigned_to, '9999-12-31'::date)
            > cycles.cycle_start_at
            and assignments.assigned_from
            < coalesce(assignments.assigned_to, '9999-12-31'::date)

)

select * from assigned
