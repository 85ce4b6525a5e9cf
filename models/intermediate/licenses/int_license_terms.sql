with

contracts as (

    select * from {{ ref('int_contracts') }}

),

products as (

    select * from {{ ref('int_catalogue') }}
    where kind in ('license', 'addon')

),

hourly_products as (

    select * from {{ ref('hourly_products') }}

),

-- Communicate, Collaborate and EX are counted by heads in every contract (LIC-04), the
-- products of hourly interacting users by the hour in every contract (HOUR-03, X10).
counted as (

    select
        contracts.org_id,
        contracts.contract_id,
        products.product_code,
        case
            when products.is_always_named then 'named'
            when hourly_products.product_code is not null then 'hourly'
            else contracts.license_model
        end as license_model,
        case
            when hourly_products.product_code is not null then 'interacting'
            else contracts.hourly_model
        end as hourly_model,
        products.unit_of_measure
    from contracts
    inner join products
        on products.org_id is null or contracts.org_id = products.org_id
    left join hourly_products
        on products.product_code = hourly_products.product_code

)

select
    org_id,
    contract_id,
    product_code,
    license_model,
    case when license_model = 'hourly' then hourly_model end as hourly_model,
    case
        when license_model = 'hourly' then 'hour' else unit_of_measure
    end as unit_of_measure
from counted
