with

contract_items as (

    select * from {{ ref('int_contract_items') }}

),

products as (

    {{ products_by_organization('contract_items') }}

),

-- Every rate any item of the contract has or had.
rates as (

    select
        org_id,
        product_code,
        named.rate_name,
        case named.rate_name
            when 'prepay' then prepay_rate
            when 'overage' then overage_rate
        end as unit_price,
        min(cycle_start_date) as in_force_from
    from contract_items
    cross join unnest(['prepay', 'overage']) as named (rate_name)
    group by all

)

-- Of the product itself and of the other classes of its product, like those of text messages.
select
    rates.org_id,
    of_product.product_code,
    rates.unit_price,
    min(rates.rate_name) as rate_name,
    min(rates.in_force_from) as in_force_from,
    min_by(
        rates.product_code, rates.product_code <> of_product.product_code
    ) as rate_of_product_code
from rates
inner join products as of_rate
    on
        rates.org_id = of_rate.org_id
        and rates.product_code = of_rate.product_code
inner join products as of_product
    on
        of_rate.org_id = of_product.org_id
        and (
            of_rate.product_code = of_product.product_code
            or (
                of_rate.base_product_code = of_product.base_product_code
                and of_rate.kind = 'message'
            )
        )
where rates.unit_price is not null
group by rates.org_id, of_product.product_code, rates.unit_price
