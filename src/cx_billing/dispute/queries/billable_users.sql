-- Who was billable for a disputed license or add-on, and since when.
with

answered as (

    select unnest(string_split(expected_invoice_ids, ', ')) as invoice_id
    from marts.vendor_invoices
    where org_id = $org_id and invoice_number = $invoice_number

),

cycles as (

    select distinct invoice_lines.service_period_start as cycle_start_date
    from marts.invoice_lines
    inner join answered using (invoice_id)
    where invoice_lines.org_id = $org_id

),

claimed as (

    select unnest(difference_ids) as difference_id
    from marts.disputes
    where org_id = $org_id and invoice_number = $invoice_number

),

disputed as (

    select distinct invoice_differences.product_code
    from marts.invoice_differences
    inner join claimed using (difference_id)
    where invoice_differences.org_id = $org_id

)

select
    billable_users.cycle_start_date,
    billable_users.product_code,
    billable_users.user_id,
    billable_users.first_billable_login_at,
    billable_users.logged_in_seconds
from marts.billable_users
inner join cycles using (cycle_start_date)
inner join disputed using (product_code)
where billable_users.org_id = $org_id
order by
    billable_users.cycle_start_date, billable_users.product_code, billable_users.user_id
