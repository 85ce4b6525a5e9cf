with

build as (

    select * from {{ ref('int_build__as_of') }}

),

cycles as (

    select * from {{ ref('int_cycles') }}
    where clock = 'core'

),

products as (

    select * from {{ ref('products') }}

),

usage_days as (

    select usage_rows.*
    from {{ ref('stg_resource_usage') }} as usage_rows
    cross join build
    where
        usage_rows.row_status = 'accepted'
        and usage_rows.usage_date < build.as_of_date

),

-- A cycle's value is the sum of its days; of stored data the highest day (FU-09). Classes
-- of a product, like text messages by rate class, are summed.
measured as (

    select
        usage_days.org_id,
        cycles.cycle_start_date,
        usage_days.product_code,
        case coalesce(any_value(products.cycle_value), 'sum')
            when 'max' then max(usage_days.quantity)
            else sum(usage_days.quantity)
        end::decimal(38, 6) as used_quantity
    from usage_days
    inner join cycles
        on
            usage_days.org_id = cycles.org_id
            and usage_days.usage_date >= cycles.cycle_start_date
            and usage_days.usage_date < cycles.cycle_end_date
    left join products
        on usage_days.product_code = products.product_code
    group by
        usage_days.org_id, cycles.cycle_start_date, usage_days.product_code

)

select * from measured
