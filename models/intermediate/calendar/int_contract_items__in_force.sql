with

cycles as (

    select
        cycles.org_id,
        cycles.contract_id,
        cycles.cycle_start_date,
        contracts.effective_date
    from {{ ref('int_cycles') }} as cycles
    inner join {{ ref('int_contracts__in_force') }} as contracts
        on
            cycles.org_id = contracts.org_id
            and cycles.contract_id = contracts.contract_id
    where cycles.clock = 'core'

),

contract_items as (

    select * from {{ ref('stg_contract_items') }}
    where row_status = 'accepted'

),

-- The commitment and prices in force at the cycle start apply to the whole cycle (INV-11);
-- an item without a start has that of its contract.
items_at_cycle_start as (

    select
        cycles.org_id,
        cycles.contract_id,
        cycles.cycle_start_date,
        contract_items.product_code,
        contract_items.committed_quantity,
        contract_items.prepay_rate,
        contract_items.overage_rate,
        row_number() over (
            partition by
                cycles.org_id,
                cycles.cycle_start_date,
                contract_items.product_code
            order by
                coalesce(contract_items.effective_from, cycles.effective_date) desc,
                contract_items.landed_at desc,
                contract_items.source_row desc
        ) as recency
    from cycles
    inner join contract_items
        on
            cycles.org_id = contract_items.org_id
            and cycles.contract_id = contract_items.contract_id
            and cycles.cycle_start_date
            >= coalesce(contract_items.effective_from, cycles.effective_date)
            and cycles.cycle_start_date
            < coalesce(contract_items.effective_to, '9999-12-31'::date)

),

in_force as (

    select
        org_id,
        contract_id,
        cycle_start_date,
        product_code,
        committed_quantity,
        prepay_rate,
        overage_rate
    from items_at_cycle_start
    where recency = 1

)

select * from in_force
