with

cycles as (

    select * from {{ ref('int_cycles') }}

),

held as (

    select * from {{ ref('int_numbers_by_cycle') }}

),

-- Numbers of one type, purchase date and number of days are one charge.
monthly_quantities as (

    select
        org_id,
        cycle_start_date,
        'number_mrc' as product_code,
        number_type,
        purchased_date,
        days_held,
        days_in_cycle,
        sum(quantity) as quantity,
        list(phone_number order by phone_number) as phone_numbers
    from held
    where days_held > 0
    group by
        org_id,
        cycle_start_date,
        number_type,
        purchased_date,
        days_held,
        days_in_cycle

),

setup_quantities as (

    select
        org_id,
        cycle_start_date,
        'number_nrc' as product_code,
        number_type,
        purchased_date,
        null as days_held,
        null as days_in_cycle,
        sum(quantity) as quantity,
        list(phone_number order by phone_number) as phone_numbers
    from held
    where is_new
    group by org_id, cycle_start_date, number_type, purchased_date

),

quantities as (

    select * from monthly_quantities
    union all
    select * from setup_quantities

),

contract_items as (

    select
        *,
        split_part(product_code, '_', 1) || '_' || split_part(product_code, '_', 2)
            as charge_code,
        replace(substr(product_code, 12), '_', '') as number_type
    from {{ ref('int_contract_items') }}
    where product_code like 'number\_%' escape '\'
    -- Two spellings of one type are one price: the first by name.
    qualify
        row_number() over (
            partition by
                org_id,
                cycle_start_date,
                charge_code,
                replace(substr(product_code, 12), '_', '')
            order by product_code
        ) = 1

),

-- The price of the number's own type where the contract has one, else that of any number.
priced as (

    select
        quantities.org_id,
        quantities.cycle_start_date,
        coalesce(
            own_type.product_code, any_type.product_code, quantities.product_code
        ) as product_code,
        quantities.number_type,
        quantities.purchased_date,
        quantities.days_held,
        quantities.quantity,
        quantities.phone_numbers,
        coalesce(own_type.overage_rate, any_type.overage_rate) as full_price,
        quantities.days_in_cycle
    from quantities
    left join contract_items as own_type
        on
            quantities.org_id = own_type.org_id
            and quantities.cycle_start_date = own_type.cycle_start_date
            and quantities.product_code = own_type.charge_code
            and quantities.number_type = own_type.number_type
    left join contract_items as any_type
        on
            quantities.org_id = any_type.org_id
            and quantities.cycle_start_date = any_type.cycle_start_date
            and quantities.product_code = any_type.product_code

)

-- User fees are never prorated, numbers are: by days held of the days in the cycle.
select
    priced.org_id,
    priced.cycle_start_date,
    priced.product_code,
    case when priced.days_held is null then 'one_time' else 'recurring' end as charge_type,
    cycles.cycle_end_date as invoice_date,
    cycles.cycle_start_date as service_period_start,
    cycles.cycle_end_date as service_period_end,
    priced.number_type,
    priced.purchased_date,
    priced.days_held,
    priced.quantity,
    priced.phone_numbers,
    case
        when priced.days_in_cycle is null then priced.full_price
        else
            {{ divide_half_up(
                'priced.full_price * priced.days_held', 'priced.days_in_cycle'
            ) }}::decimal(28, 10)
    end as unit_price,
    priced.number_type
    || ', purchased ' || priced.purchased_date
    || coalesce(', ' || priced.days_held || ' days', '') as detail
from priced
inner join cycles
    on
        priced.org_id = cycles.org_id
        and priced.cycle_start_date = cycles.cycle_start_date
