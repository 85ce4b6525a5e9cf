-- Consumption delivered for days before as-of and inside a contract = consumption of the
-- cycles; resources that take the highest day instead of the sum are apart (FU-01, FU-09).
with

expected as (

    select
        usage_days.org_id,
        usage_days.product_code,
        sum(usage_days.quantity)::decimal(38, 6) as quantity
    from {{ ref('stg_resource_usage') }} as usage_days
    inner join {{ ref('int_contracts__in_force') }} as contracts
        on
            usage_days.org_id = contracts.org_id
            and usage_days.usage_date >= contracts.in_force_from
            and usage_days.usage_date < contracts.in_force_to
    cross join {{ ref('int_build__as_of') }} as build
    where
        usage_days.row_status = 'accepted'
        and usage_days.usage_date < build.as_of_date
    group by usage_days.org_id, usage_days.product_code

),

counted as (

    select
        org_id,
        product_code,
        sum(used_quantity) as quantity,
        count(*) as cycles_count
    from {{ ref('resource_usage') }}
    group by org_id, product_code

)

-- Each cycle is rounded to six decimals by itself.
select
    coalesce(expected.org_id, counted.org_id) as org_id,
    coalesce(expected.product_code, counted.product_code) as product_code,
    expected.quantity as delivered_quantity,
    counted.quantity as counted_quantity
from expected
full outer join counted
    on
        expected.org_id = counted.org_id
        and expected.product_code = counted.product_code
left join {{ ref('products') }} as products
    on coalesce(expected.product_code, counted.product_code) = products.product_code
where
    coalesce(products.cycle_value, 'sum') = 'sum'
    and coalesce(
        abs(expected.quantity - counted.quantity) > counted.cycles_count * 0.000001, true
    )
