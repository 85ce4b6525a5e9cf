-- Use, allowance and overage of a disputed resource.
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
    resource_usage.cycle_start_date,
    resource_usage.product_code,
    resource_usage.used_quantity,
    resource_usage.included_quantity,
    resource_usage.overage_quantity
from marts.resource_usage
inner join cycles using (cycle_start_date)
inner join disputed using (product_code)
where resource_usage.org_id = $org_id
order by resource_usage.cycle_start_date, resource_usage.product_code
