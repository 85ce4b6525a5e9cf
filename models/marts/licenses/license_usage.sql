with

cycles as (

    select * from {{ ref('int_cycles__contracted') }}
    where clock = 'core'

),

license_products as (

    select * from {{ ref('products') }}
    where kind in ('license', 'addon')

),

measured as (

    select * from {{ ref('int_license_usage__measured') }}

),

peaks as (

    select * from {{ ref('int_peaks__billable') }}

),

contract_items as (

    select * from {{ ref('int_contract_items__in_force') }}

),

-- Communicate, Collaborate and EX are counted as named in every model (LIC-04).
counted as (

    select
        cycles.org_id,
        cycles.cycle_start_date,
        license_products.product_code,
        case
            when license_products.is_always_named then 'named'
            else cycles.license_model
        end as counting_model,
        coalesce(measured.named_users, 0) as named_users,
        coalesce(peaks.billable_users, 0) as peak_users,
        coalesce(measured.logged_in_us, 0) as logged_in_us,
        coalesce(contract_items.committed_quantity, 0) as committed_quantity
    from cycles
    cross join license_products
    left join measured
        on
            cycles.org_id = measured.org_id
            and cycles.cycle_start_date = measured.cycle_start_date
            and license_products.product_code = measured.product_code
    left join peaks
        on
            cycles.org_id = peaks.org_id
            and cycles.cycle_start_date = peaks.cycle_start_date
            and license_products.product_code = peaks.pool
    left join contract_items
        on
            cycles.org_id = contract_items.org_id
            and cycles.cycle_start_date = contract_items.cycle_start_date
            and license_products.product_code = contract_items.product_code

),

-- Hours are summed over users first, then rounded up to a whole hour (HOUR-02).
actuals as (

    select
        *,
        case counting_model
            when 'named' then named_users
            when 'concurrent' then peak_users
            when 'hourly'
                then (logged_in_us::hugeint + 3599999999) // 3600000000
        end::decimal(38, 6) as actual_quantity
    from counted

)

select
    org_id,
    cycle_start_date,
    product_code,
    counting_model as license_model,
    named_users,
    peak_users,
    {{ divide_half_up('logged_in_us * 0.000001', '3600') }} as logged_in_hours,
    actual_quantity,
    committed_quantity,
    greatest(0, actual_quantity - committed_quantity)::decimal(38, 6)
        as overage_quantity
from actuals
where actual_quantity > 0 or committed_quantity > 0
