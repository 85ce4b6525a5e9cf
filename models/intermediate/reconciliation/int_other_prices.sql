with

contract_items as (

    select * from {{ ref('stg_contract_items') }}
    where row_status = 'accepted'

),

products as (

    {{ products_by_organization('contract_items') }}

),

-- Every rate any item of the contracts has or had.
rates as (

    select
        contract_items.org_id,
        contract_items.product_code,
        products.base_product_code,
        products.kind,
        products.invoice_name,
        named.rate_name,
        case named.rate_name
            when 'prepay' then contract_items.prepay_rate
            when 'overage' then contract_items.overage_rate
            when 'published' then contract_items.published_rate
        end as unit_price,
        -- None is from the contract's first day.
        if(
            count(*) = count(contract_items.effective_from),
            min(contract_items.effective_from), null
        ) as in_force_from
    from contract_items
    inner join products
        on
            contract_items.org_id = products.org_id
            and contract_items.product_code = products.product_code
    cross join unnest(['prepay', 'overage', 'published']) as named (rate_name)
    group by all

)

-- Of the product itself and of the other classes or types of it, like those of text
-- messages and numbers.
select
    rates.org_id,
    products.product_code,
    rates.unit_price,
    string_agg(
        distinct 'the ' || rates.rate_name || ' rate of ' || rates.invoice_name
        || coalesce(' from ' || rates.in_force_from, ''), ' or '
        order by
            'the ' || rates.rate_name || ' rate of ' || rates.invoice_name
            || coalesce(' from ' || rates.in_force_from, '')
    ) as assumed
from rates
inner join products
    on
        rates.org_id = products.org_id
        and (
            rates.product_code = products.product_code
            or (
                rates.base_product_code = products.base_product_code
                and rates.kind in ('message', 'number')
            )
        )
where rates.unit_price <> 0
group by rates.org_id, products.product_code, rates.unit_price
