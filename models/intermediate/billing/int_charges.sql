with

cycles as (

    select
        org_id,
        cycle_start_date,
        contract_id
    from {{ ref('int_cycles') }}

),

by_cycle as (

    select
        org_id,
        cycle_start_date,
        product_code,
        charge_type,
        invoice_date,
        service_period_start,
        service_period_end,
        quantity,
        unit_price,
        null::decimal(38, 10) as unrounded_amount,
        is_waived,
        null as detail
    from {{ ref('int_charges_by_cycle') }}
    union all by name
    select * from {{ ref('int_charges_telco') }}
    union all by name
    select * from {{ ref('int_charges_numbers') }}
    union all by name
    select * from {{ ref('int_charges_orders') }}

),

by_contract as (

    select
        by_cycle.*,
        cycles.contract_id
    from by_cycle
    inner join cycles
        on
            by_cycle.org_id = cycles.org_id
            and by_cycle.cycle_start_date = cycles.cycle_start_date
    union all by name
    select * from {{ ref('int_charges_by_year') }}

)

select
    org_id,
    contract_id,
    product_code,
    charge_type,
    invoice_date,
    service_period_start,
    service_period_end,
    quantity::decimal(38, 6) as quantity,
    unit_price::decimal(28, 10) as unit_price,
    unrounded_amount,
    coalesce(is_waived, false) as is_waived,
    detail
from by_contract
where quantity <> 0
