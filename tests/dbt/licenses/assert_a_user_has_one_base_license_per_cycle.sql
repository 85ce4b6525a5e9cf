-- Add-ons may come on top, a second base license never (LIC-03).
select
    billable_users.org_id,
    billable_users.cycle_start_date,
    billable_users.user_id,
    count(*) as base_licenses
from {{ ref('billable_users') }} as billable_users
inner join {{ ref('products') }} as products
    on billable_users.product_code = products.product_code
where products.kind = 'license'
group by
    billable_users.org_id, billable_users.cycle_start_date, billable_users.user_id
having count(*) > 1
