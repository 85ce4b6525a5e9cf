with

licensed as (

    select * from {{ ref('int_users_licensed') }}

),

designations as (

    select * from {{ ref('int_licenses_held') }}
    where product_code = 'hourly_interacting'

),

cycles as (

    select * from {{ ref('int_cycles') }}

),

hourly_products as (

    select * from {{ ref('hourly_products') }}

),

-- Beside named or concurrent a designated user is counted by the hour for the whole cycle;
-- where everybody is, the designation does nothing (HOUR-03, X10).
designated as (

    select
        designations.org_id,
        designations.cycle_start_date,
        designations.user_id
    from designations
    inner join cycles
        on
            designations.org_id = cycles.org_id
            and designations.cycle_start_date = cycles.cycle_start_date
    where cycles.license_model in ('named', 'concurrent')

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
