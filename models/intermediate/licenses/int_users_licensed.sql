with

assignments as (

    select * from {{ ref('int_licenses_held') }}

),

-- One base license per user and cycle: the highest held at any instant of it (LIC-03).
base_licenses as (

    select
        org_id,
        cycle_start_date,
        user_id,
        max_by(product_code, license_rank) as product_code
    from assignments
    where kind = 'license'
    group by org_id, cycle_start_date, user_id

),

-- Add-ons count whatever the base license (LIC-05).
addons as (

    select
        org_id,
        cycle_start_date,
        user_id,
        product_code
    from assignments
    where kind = 'addon'

),

licensed as (

    select * from base_licenses
    union all
    select * from addons

)

select * from licensed
