with

cycles as (

    select * from {{ ref('int_cycles') }}

),

assignments as (

    select * from {{ ref('stg_license_assignments') }}
    where row_status = 'accepted'

),

products as (

    select * from {{ ref('int_catalogue') }}

),

hourly_products as (

    select * from {{ ref('hourly_products') }}

),

-- Held at any instant of the part of the cycle seen so far, and whether to its end.
held as (

    select
        assignments.org_id,
        cycles.cycle_start_date,
        assignments.user_id,
        assignments.product_code,
        products.kind,
        products.license_rank,
        cycles.license_model,
        cycles.hourly_switch,
        bool_or(
            coalesce(assignments.assigned_to, '9999-12-31'::date)
            >= cycles.usage_through_at
        ) as is_held_at_the_end
    from assignments
    inner join cycles
        on
            assignments.org_id = cycles.org_id
            and assignments.assigned_from < cycles.usage_through_at
            and coalesce(assignments.assigned_to, '9999-12-31'::date)
            > cycles.cycle_start_at
            and assignments.assigned_from
            < coalesce(assignments.assigned_to, '9999-12-31'::date)
    inner join products
        on
            assignments.product_code = products.product_code
            and (products.org_id is null or assignments.org_id = products.org_id)
    group by all

),

-- One base license per user and cycle: the highest held at any instant of it (LIC-03).
base_licenses as (

    select
        org_id,
        cycle_start_date,
        user_id,
        max_by(product_code, license_rank) as product_code
    from held
    where kind = 'license'
    group by org_id, cycle_start_date, user_id

),

-- The workforce add-on includes speech and text analytics: of the two a user has one
-- (LIC-09).
workforce_users as (

    select distinct
        org_id,
        cycle_start_date,
        user_id
    from held
    where product_code in ('cx1_wem_addon', 'cx2_wem_addon')

),

-- Add-ons count whatever the base license, and without any (LIC-05, LIC-06).
licensed as (

    select * from base_licenses
    union all
    select
        held.org_id,
        held.cycle_start_date,
        held.user_id,
        held.product_code
    from held
    left join workforce_users
        on
            held.org_id = workforce_users.org_id
            and held.cycle_start_date = workforce_users.cycle_start_date
            and held.user_id = workforce_users.user_id
    where
        held.kind = 'addon'
        and (held.product_code <> 'sta_addon' or workforce_users.user_id is null)

),

-- Beside named or concurrent a designated user is counted by the hour for the whole cycle,
-- by default if the designation holds at its end (HOUR-05, X18); in an hourly contract
-- everybody is, and the designation does nothing (HOUR-03, X10).
designated as (

    select
        org_id,
        cycle_start_date,
        user_id
    from held
    where
        product_code = 'hourly_interacting'
        and license_model in ('named', 'concurrent')
        and (hourly_switch = 'any' or is_held_at_the_end)

)

select
    licensed.org_id,
    licensed.cycle_start_date,
    licensed.user_id,
    coalesce(hourly_products.product_code, licensed.product_code) as product_code
from licensed
left join designated
    on
        licensed.org_id = designated.org_id
        and licensed.cycle_start_date = designated.cycle_start_date
        and licensed.user_id = designated.user_id
left join hourly_products
    on
        licensed.product_code = hourly_products.base_product_code
        and designated.user_id is not null
