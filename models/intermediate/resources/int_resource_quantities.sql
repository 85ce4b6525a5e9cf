with

cycles as (

    select * from {{ ref('int_cycles') }}

),

products as (

    select * from {{ ref('products') }}

),

usage_days as (

    select * from {{ ref('int_resource_days') }}

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
        ) }} as used_quantity,
        sum(usage_days.quantity)::decimal(38, 6) as summed_quantity,
        {{ cycle_days(
            'usage_days.quantity',
            'usage_days.usage_date',
            'products.cycle_value',
            'cycles.storage_month_value'
        ) }} as counted_days
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
