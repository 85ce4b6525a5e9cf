-- Use, allowance and overage of a disputed resource.
select
    resource_usage.cycle_start_date,
    resource_usage.product_code,
    resource_usage.used_quantity,
    resource_usage.included_quantity,
    resource_usage.overage_quantity
from marts.resource_usage
inner join dispute_scope using (cycle_start_date, product_code)
where resource_usage.org_id = $org_id
order by resource_usage.cycle_start_date, resource_usage.product_code
