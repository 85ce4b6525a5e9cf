with

cycles as (

    select * from {{ ref('int_cycles') }}

),

assignments as (

    select * from {{ ref('stg_license_assignments') }}
    where row_status = 'accepted'

),

products as (

    select * from {{ ref('products') }}

),

-- Held at any instant of the part of the cycle seen so far.
held as (

    select
        assignments.org_id,
        cycles.cycle_start_date,
        assignments.user_id,
        assignments.product_code
    from assignments
    inner join cycles
        on
            assignments.org_id = cycles.org_id
            and assignments.assigned_from < cycles.usage_through_at
            and coalesce(assignments.assigned_to, '9999-12-31'::date)
            > cycles.cycle_start_at
            and assignments.assigned_from
            < coalesce(assignments.assigned_to, '9999-12-31'::date)
    group by
        assignments.org_id,
        cycles.cycle_start_date,
        assignments.user_id,
        assignments.product_code

)

select
    held.org_id,
    held.cycle_start_date,
    held.user_id,
    held.product_code,
    products.kind,
    products.license_rank
from held
inner join products
    on held.product_code = products.product_code
