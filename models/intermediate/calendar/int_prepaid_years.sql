with

contracts as (

    select * from {{ ref('int_contracts') }}
    where billing_option = 'annual_prepay'

),

term_cycles as (

    select * from {{ ref('int_term_cycles') }}

),

contract_items as (

    select * from {{ ref('int_contract_items') }}

),

-- When a commitment is looked at: the first year's on the effective date, another's on its
-- first day (INV-05); and where the contract charges a raise, at every cycle start of the
-- year. What is raised within the ramp is so on the first boundary of the term.
asked as (

    select
        term_cycles.*,
        case
            when term_cycles.year_number = 1 then contracts.effective_date
            else term_cycles.year_start_date
        end as charged_date
    from term_cycles
    inner join contracts
        on
            term_cycles.org_id = contracts.org_id
            and term_cycles.contract_id = contracts.contract_id
    where term_cycles.cycle_start_date = term_cycles.year_start_date
    union
    select
        term_cycles.*,
        term_cycles.cycle_start_date as charged_date
    from term_cycles
    inner join contracts
        on
            term_cycles.org_id = contracts.org_id
            and term_cycles.contract_id = contracts.contract_id
    where contracts.prepay_raise = 'co_term'

),

-- Nothing is paid back within a year, so prepaid is the highest commitment so far.
prepaid as (

    select
        asked.*,
        contract_items.product_code,
        contract_items.prepay_rate,
        max(contract_items.committed_quantity) over so_far as prepaid_quantity
    from asked
    inner join contract_items
        on
            asked.org_id = contract_items.org_id
            and asked.contract_id = contract_items.contract_id
            and asked.charged_date = contract_items.cycle_start_date
    window so_far as (
        partition by
            asked.org_id, asked.contract_id, asked.year_number, contract_items.product_code
        order by asked.charged_date
    )

),

additions as (

    select
        *,
        prepaid_quantity - lag(prepaid_quantity, 1, 0) over (
            partition by org_id, contract_id, year_number, product_code
            order by charged_date
        ) as added_quantity
    from prepaid

)

select
    org_id,
    contract_id,
    year_number,
    product_code,
    charged_date,
    cycle_start_date as service_period_start,
    year_end_date as service_period_end,
    cycles_left as cycles_count,
    added_quantity::decimal(38, 6) as prepaid_quantity,
    prepay_rate
from additions
where added_quantity > 0
