-- Consumption delivered for days before as-of and inside a contract = consumption of the
-- cycles; resources that take the highest day instead of the sum are apart (FU-01, FU-09).
-- What a token meter measures takes tokens or is shown as unbilled (FU-13); accounts are
-- counted by assignment (LIC-11).
with

delivered_days as (

    select
        org_id,
        usage_date,
        product_code,
        quantity
    from {{ ref('stg_resource_usage') }}
    where row_status = 'accepted'
    union all
    -- API requests count where no figure of the day was delivered (FU-08).
    select
        org_id,
        usage_date,
        'api_requests' as product_code,
        requests as quantity
    from {{ ref('stg_api_usage') }}
    where
        row_status = 'accepted'
        and (org_id, usage_date) not in (
            select
                figures.org_id,
                figures.usage_date
            from {{ ref('stg_resource_usage') }} as figures
            where
                figures.row_status = 'accepted'
                and figures.product_code = 'api_requests'
        )

),

expected as (

    select
        usage_days.org_id,
        usage_days.product_code,
        sum(usage_days.quantity)::decimal(38, 6) as quantity
    from delivered_days as usage_days
    inner join {{ ref('int_contracts') }} as contracts
        on
            usage_days.org_id = contracts.org_id
            and usage_days.usage_date >= contracts.in_force_from
            and usage_days.usage_date < contracts.in_force_to
    cross join {{ ref('int_as_of') }} as build
    where usage_days.usage_date < build.as_of_date
    group by usage_days.org_id, usage_days.product_code

),

-- Tokens that were delivered as such: those of the meters are taken off again.
counted_by_cycle as (

    select
        resource_usage.org_id,
        resource_usage.cycle_start_date,
        resource_usage.product_code,
        resource_usage.used_quantity
    from {{ ref('resource_usage') }} as resource_usage
    anti join {{ ref('products') }} as products
        on
            resource_usage.product_code = products.product_code
            and products.kind = 'account'
    union all
    select
        org_id,
        cycle_start_date,
        'ai_tokens' as product_code,
        -tokens as used_quantity
    from {{ ref('ai_token_usage') }}
    union all
    select
        ai_token_usage.org_id,
        ai_token_usage.cycle_start_date,
        ai_token_usage.product_code,
        ai_token_usage.used_quantity
    from {{ ref('ai_token_usage') }} as ai_token_usage
    inner join {{ ref('products') }} as products
        on ai_token_usage.product_code = products.product_code
    where products.kind = 'token_meter'
    union all
    select
        unbilled_usage.org_id,
        unbilled_usage.cycle_start_date,
        unbilled_usage.product_code,
        unbilled_usage.quantity as used_quantity
    from {{ ref('unbilled_usage') }} as unbilled_usage
    inner join {{ ref('products') }} as products
        on unbilled_usage.product_code = products.product_code
    where products.kind = 'token_meter'

),

counted as (

    select
        org_id,
        product_code,
        sum(used_quantity) as quantity,
        count(distinct cycle_start_date) as cycles_count
    from counted_by_cycle
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
    and abs(coalesce(expected.quantity, 0) - coalesce(counted.quantity, 0))
    > coalesce(counted.cycles_count, 0) * 0.000001
