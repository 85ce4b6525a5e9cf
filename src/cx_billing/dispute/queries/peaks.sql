-- The readings of the peak of a disputed license or add-on.
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
    concurrency_peaks.cycle_start_date,
    concurrency_peaks.pool,
    concurrency_peaks.highest_users,
    concurrency_peaks.sustained_users,
    concurrency_peaks.accumulated_users,
    concurrency_peaks.accumulated_exact_users,
    concurrency_peaks.peak_rule,
    concurrency_peaks.billable_users,
    concurrency_peaks.peak_started_at,
    concurrency_peaks.peak_ended_at
from marts.concurrency_peaks
inner join cycles using (cycle_start_date)
inner join disputed on concurrency_peaks.pool = disputed.product_code
where concurrency_peaks.org_id = $org_id
order by concurrency_peaks.cycle_start_date, concurrency_peaks.pool
