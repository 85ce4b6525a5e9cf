-- The commitment and prices in force at the cycle start apply to the whole cycle (INV-11).
select
    cycles.org_id,
    cycles.contract_id,
    cycles.cycle_start_date,
    contract_items.product_code,
    contract_items.committed_quantity,
    contract_items.prepay_rate,
    contract_items.overage_rate
from {{ ref('int_cycles') }} as cycles
inner join {{ ref('int_contract_items') }} as contract_items
    on
        cycles.org_id = contract_items.org_id
        and cycles.contract_id = contract_items.contract_id
        and cycles.cycle_start_date = contract_items.start_date
