-- Who was billable for a disputed license or add-on, and since when.
select
    billable_users.cycle_start_date,
    billable_users.product_code,
    billable_users.user_id,
    billable_users.first_billable_login_at,
    billable_users.logged_in_seconds
from marts.billable_users
inner join dispute_scope using (cycle_start_date, product_code)
where billable_users.org_id = $org_id
order by
    billable_users.cycle_start_date, billable_users.product_code, billable_users.user_id
