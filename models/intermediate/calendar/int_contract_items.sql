with

contracts as (

    select * from {{ ref('int_contracts') }}

),

contract_items as (

    select * from {{ ref('stg_contract_items') }}
    where row_status = 'accepted'

),

-- The days whose commitment and prices are asked for: what is in force at the cycle start
-- applies to the whole cycle (INV-11), what is in force on the first day of a year to it.
starts as (

    select
        org_id,
        contract_id,
        start_date,
        max(cycle_start_date) as cycle_start_date
    from (
        select
            org_id,
            contract_id,
            cycle_start_date as start_date,
            cycle_start_date
        from {{ ref('int_cycles') }}
        union all
        select
            org_id,
            contract_id,
            year_start_date as start_date,
            null as cycle_start_date
        from {{ ref('int_term_years') }}
    ) as asked
    group by org_id, contract_id, start_date

),

-- An item without a start has that of its contract.
candidates as (

    select
        starts.org_id,
        starts.contract_id,
        starts.start_date,
        starts.cycle_start_date,
        contract_items.product_code,
        contract_items.committed_quantity,
        contract_items.prepay_rate,
        contract_items.overage_rate,
        row_number() over (
            partition by
                starts.org_id,
                starts.contract_id,
                starts.start_date,
                contract_items.product_code
            order by
                coalesce(contract_items.effective_from, contracts.effective_date) desc,
                contract_items.landed_at desc,
                contract_items.source_row desc
        ) as recency
    from starts
    inner join contracts
        on
            starts.org_id = contracts.org_id
            and starts.contract_id = contracts.contract_id
    inner join contract_items
        on
            starts.org_id = contract_items.org_id
            and starts.contract_id = contract_items.contract_id
            and starts.start_date
            >= coalesce(contract_items.effective_from, contracts.effective_date)
            and starts.start_date
            < coalesce(contract_items.effective_to, '9999-12-31'::date)

)

select
    org_id,
    contract_id,
    start_date,
    cycle_start_date,
    product_code,
    committed_quantity,
    prepay_rate,
    overage_rate
from candidates
where recency = 1
