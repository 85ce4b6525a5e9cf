with

cycles as (

    select * from {{ ref('int_cycles') }}

),

licenses as (

    select * from {{ ref('int_license_terms') }}

),

measured as (

    select * from {{ ref('int_license_counts') }}

),

peaks as (

    select * from {{ ref('int_peaks') }}

),

contract_items as (

    select * from {{ ref('int_contract_items') }}

),

prepaid as (

    select * from {{ ref('int_prepaid_quantities') }}

),

-- Every license and add-on of the cycle's contract with everything that can bill it.
counted as (

    select
        cycles.org_id,
        cycles.cycle_start_date,
        licenses.product_code,
        licenses.license_model,
        licenses.hourly_model,
        coalesce(measured.named_users, 0) as named_users,
        coalesce(peaks.billable_users, 0) as peak_users,
        coalesce(measured.logged_in_us, 0) as logged_in_us,
        coalesce(measured.interacting_us, 0) as interacting_us,
        coalesce(contract_items.committed_quantity, 0) as committed_quantity,
        coalesce(prepaid.prepaid_quantity, 0) as prepaid_quantity
    from cycles
    inner join licenses
        on
            cycles.org_id = licenses.org_id
            and cycles.contract_id = licenses.contract_id
    left join measured
        on
            cycles.org_id = measured.org_id
            and cycles.cycle_start_date = measured.cycle_start_date
            and licenses.product_code = measured.product_code
    left join peaks
        on
            cycles.org_id = peaks.org_id
            and cycles.cycle_start_date = peaks.cycle_start_date
            and licenses.product_code = peaks.pool
    left join contract_items
        on
            cycles.org_id = contract_items.org_id
            and cycles.cycle_start_date = contract_items.cycle_start_date
            and licenses.product_code = contract_items.product_code
    left join prepaid
        on
            cycles.org_id = prepaid.org_id
            and cycles.cycle_start_date = prepaid.cycle_start_date
            and licenses.product_code = prepaid.product_code

),

-- The hours that bill are logged in or interacting (HOUR-01, HOUR-03).
timed as (

    select
        *,
        case hourly_model
            when 'interacting' then interacting_us
            else logged_in_us
        end as billable_us
    from counted

),

-- Hours are summed over users first, then rounded up to a whole hour (HOUR-02).
actuals as (

    select
        *,
        case license_model
            when 'named' then named_users
            when 'concurrent' then peak_users
            when 'hourly' then (billable_us::hugeint + 3599999999) // 3600000000
        end::decimal(38, 6) as actual_quantity
    from timed

)

select
    org_id,
    cycle_start_date,
    product_code,
    license_model,
    hourly_model,
    named_users,
    peak_users,
    {{ divide_half_up('logged_in_us * 0.000001', '3600') }} as logged_in_hours,
    {{ divide_half_up('interacting_us * 0.000001', '3600') }} as interacting_hours,
    actual_quantity,
    committed_quantity,
    prepaid_quantity
from actuals
where actual_quantity > 0 or committed_quantity > 0 or prepaid_quantity > 0
