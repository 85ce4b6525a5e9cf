with

contracts as (

    select * from {{ ref('int_contracts') }}

),

contract_items as (

    select * from {{ ref('stg_contract_items') }}
    where row_status = 'accepted'

),

cycles as (

    select * from {{ ref('int_cycles') }}

),

-- What is in force at the cycle start applies to the whole cycle (INV-11). An item without
-- a start has that of its contract.
candidates as (

    select
        cycles.org_id,
        cycles.contract_id,
        cycles.cycle_start_date,
        cycles.is_after_term,
        contract_items.product_code,
        cycles.contract_id || '/' || contract_items.product_code || '/'
        || coalesce(contract_items.effective_from, contracts.effective_date)
            as contract_item,
        contract_items.committed_quantity,
        contract_items.prepay_rate,
        contract_items.overage_rate,
        contract_items.published_rate,
        row_number() over (
            partition by
                cycles.org_id,
                cycles.cycle_start_date,
                contract_items.product_code
            order by
                coalesce(contract_items.effective_from, contracts.effective_date) desc,
                contract_items.landed_at desc,
                contract_items.source_row desc
        ) as recency
    from cycles
    inner join contracts
        on
            cycles.org_id = contracts.org_id
            and cycles.contract_id = contracts.contract_id
    inner join contract_items
        on
            cycles.org_id = contract_items.org_id
            and cycles.contract_id = contract_items.contract_id
            and cycles.cycle_start_date
            >= coalesce(contract_items.effective_from, contracts.effective_date)
            and cycles.cycle_start_date
            < coalesce(contract_items.effective_to, '9999-12-31'::date)

)

-- After the term nothing is committed, and published rates are the price (CYC-08).
select
    org_id,
    contract_id,
    cycle_start_date,
    product_code,
    contract_item,
    case when is_after_term then 0 else committed_quantity end::decimal(38, 6)
        as committed_quantity,
    prepay_rate,
    case
        when is_after_term then coalesce(published_rate, overage_rate)
        else overage_rate
    end as overage_rate
from candidates
where recency = 1
