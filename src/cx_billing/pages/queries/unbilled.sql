-- What lacks a price comes first.
select
    org_id,
    cycle_start_date,
    product_code,
    reason,
    quantity,
    unit_of_measure
from marts.unbilled_usage
where $org_id is null or org_id = $org_id
order by reason <> 'no_contract_item', org_id, cycle_start_date, product_code, reason
