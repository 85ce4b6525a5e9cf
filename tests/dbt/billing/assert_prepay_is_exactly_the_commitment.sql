-- Prepaid is what is committed: for a cycle the item of its start; for a year, in each of
-- its cycles, the highest commitment charged so far, but nothing for cycles that never
-- begin since a successor does (INV-04, INV-05, INV-11).
{{ config(group='billing') }}
with

contracts as (

    select * from {{ ref('int_contracts') }}

),

prepay_lines as (

    select
        charges.org_id,
        charges.contract_id,
        charges.product_code,
        charges.service_period_start,
        charges.quantity,
        contracts.billing_option
    from {{ ref('int_invoice_charges') }} as charges
    inner join contracts
        on
            charges.org_id = contracts.org_id
            and charges.contract_id = contracts.contract_id
    where charges.charge_type = 'prepay'

),

charged as (

    select
        prepay_lines.org_id,
        prepay_lines.contract_id,
        prepay_lines.product_code,
        coalesce(term_cycles.year_start_date, prepay_lines.service_period_start)
            as period_start_date,
        sum(prepay_lines.quantity) as quantity
    from prepay_lines
    left join {{ ref('int_term_cycles') }} as term_cycles
        on
            prepay_lines.billing_option = 'annual_prepay'
            and prepay_lines.org_id = term_cycles.org_id
            and prepay_lines.contract_id = term_cycles.contract_id
            and prepay_lines.service_period_start = term_cycles.cycle_start_date
    group by all

),

contract_items as (

    select
        items.*,
        cycles.phase,
        cycles.billing_option
    from {{ ref('int_contract_items') }} as items
    inner join {{ ref('int_cycles') }} as cycles
        on
            items.org_id = cycles.org_id
            and items.cycle_start_date = cycles.cycle_start_date
    semi join {{ ref('int_products') }} as products
        on items.product_code = products.product_code and products.can_be_committed

),

committed_for_cycles as (

    select
        org_id,
        contract_id,
        product_code,
        cycle_start_date as period_start_date,
        committed_quantity as quantity
    from contract_items
    where phase = 'term' and billing_option = 'annual_prepay_monthly'

),

-- Every cycle of a year with every commitment that has been charged by then.
committed_for_year_cycles as (

    select
        term_cycles.org_id,
        term_cycles.contract_id,
        contract_items.product_code,
        term_cycles.year_start_date as period_start_date,
        term_cycles.cycle_start_date,
        max(contract_items.committed_quantity) as quantity
    from {{ ref('int_term_cycles') }} as term_cycles
    inner join contracts
        on
            term_cycles.org_id = contracts.org_id
            and term_cycles.contract_id = contracts.contract_id
    inner join contract_items
        on
            term_cycles.org_id = contract_items.org_id
            and term_cycles.contract_id = contract_items.contract_id
            and (
                contract_items.cycle_start_date = case
                    when term_cycles.year_number = 1 then contracts.effective_date
                    else term_cycles.year_start_date
                end
                or (
                    contracts.prepay_raise = 'co_term'
                    and contract_items.cycle_start_date
                    between term_cycles.year_start_date and term_cycles.cycle_start_date
                )
            )
    where
        contracts.billing_option = 'annual_prepay'
        and term_cycles.cycle_start_date
        < coalesce(contracts.next_effective_date, '9999-12-31'::date)
    group by all

),

committed as (

    select
        org_id,
        contract_id,
        product_code,
        period_start_date,
        sum(quantity) as quantity
    from (
        select * from committed_for_cycles
        union all by name
        select * exclude (cycle_start_date) from committed_for_year_cycles
    ) as of_cycles_and_years
    group by all

)

select
    coalesce(charged.org_id, committed.org_id) as org_id,
    coalesce(charged.contract_id, committed.contract_id) as contract_id,
    coalesce(charged.product_code, committed.product_code) as product_code,
    coalesce(charged.period_start_date, committed.period_start_date) as period_start_date,
    charged.quantity as charged_quantity,
    committed.quantity as committed_quantity
from charged
full outer join committed
    on
        charged.org_id = committed.org_id
        and charged.contract_id = committed.contract_id
        and charged.product_code = committed.product_code
        and charged.period_start_date = committed.period_start_date
where coalesce(charged.quantity, 0) <> coalesce(committed.quantity, 0)
