with

build as (

    select * from {{ ref('int_as_of') }}

),

cycles as (

    select * from {{ ref('int_cycles') }}

),

products as (

    select * from {{ ref('products') }}

),

resource_days as (

    select * from {{ ref('stg_resource_usage') }}
    where row_status = 'accepted'

),

-- A day for which resource_usage has API requests of its own counts with those alone
-- (FU-08).
request_days as (

    select
        api_usage.org_id,
        api_usage.usage_date,
        'api_requests' as product_code,
        sum(api_usage.requests)::decimal(38, 12) as quantity
    from {{ ref('stg_api_usage') }} as api_usage
    anti join resource_days
        on
            api_usage.org_id = resource_days.org_id
            and api_usage.usage_date = resource_days.usage_date
            and resource_days.product_code = 'api_requests'
    where api_usage.row_status = 'accepted'
    group by api_usage.org_id, api_usage.usage_date

),

delivered_days as (

    select
        org_id,
        usage_date,
        product_code,
        quantity
    from resource_days
    union all
    select * from request_days

),

usage_days as (

    select delivered_days.*
    from delivered_days
    cross join build
    where delivered_days.usage_date < build.as_of_date

),

-- A cycle's value is the sum of its days; of stored data, by the policy of the cycle, the
-- highest day, the average of the days there are, or the last one (FU-09). Classes of a
-- product, like text messages by rate class, are summed.
measured as (

    select
        usage_days.org_id,
        cycles.cycle_start_date,
        usage_days.product_code,
        {{ cycle_quantity(
            'usage_days.quantity',
            'usage_days.usage_date',
            'products.cycle_value',
            'cycles.storage_month_value'
        ) }} as used_quantity
    from usage_days
    inner join cycles
        on
            usage_days.org_id = cycles.org_id
            and usage_days.usage_date >= cycles.cycle_start_date
            and usage_days.usage_date < cycles.cycle_end_date
    left join products
        on usage_days.product_code = products.product_code
    group by
        usage_days.org_id,
        cycles.cycle_start_date,
        usage_days.product_code,
        products.cycle_value,
        cycles.storage_month_value

)

select * from measured
