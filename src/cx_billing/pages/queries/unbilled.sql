-- What lacks a price comes first.
select
    unbilled_usage.org_id,
    unbilled_usage.cycle_start_date,
    unbilled_usage.product_code,
    unbilled_usage.reason,
    unbilled_usage.quantity,
    unbilled_usage.unit_of_measure,
    unbilled_reasons.position,
    unbilled_reasons.explanation
from marts.unbilled_usage
inner join reference.unbilled_reasons using (reason)
where $org_id is null or unbilled_usage.org_id = $org_id
order by
    unbilled_usage.reason <> 'no_contract_item',
    unbilled_usage.org_id,
    unbilled_usage.cycle_start_date,
    unbilled_usage.product_code,
    unbilled_usage.reason
