-- What is about the most money comes first.
select
    inventory_audit.product_code,
    inventory_audit.number_type,
    inventory_audit.finding,
    inventory_audit.billed_quantity,
    inventory_audit.held_quantity,
    inventory_audit.billed_amount,
    inventory_audit.expected_amount,
    inventory_audit.amount,
    inventory_audit.currency,
    inventory_audit.phone_number,
    inventory_audit.purchased_date,
    currencies.minor_units
from marts.inventory_audit
left join reference.currencies using (currency)
where
    inventory_audit.org_id = $org_id
    and inventory_audit.cycle_start_date = $cycle_start_date
order by
    abs(inventory_audit.amount) desc nulls last,
    inventory_audit.product_code asc,
    inventory_audit.number_type asc,
    inventory_audit.inventory_finding_id asc
