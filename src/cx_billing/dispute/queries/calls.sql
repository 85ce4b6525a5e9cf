-- The calls of a disputed service. Numbers are in no mart.
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
    calls.cycle_start_date,
    calls.service,
    calls.started_at,
    calls.call_id,
    calls.sip_call_id,
    calls.direction,
    calls.call_type,
    calls.duration_seconds,
    calls.rated_seconds,
    calls.rate_per_minute,
    calls.reported_cost,
    calls.rated_cost,
    calls.currency,
    calls.is_short,
    calls.is_international
from marts.calls
inner join cycles using (cycle_start_date)
inner join disputed on 'telco_' || calls.service = disputed.product_code
where calls.org_id = $org_id
order by calls.cycle_start_date, calls.service, calls.started_at, calls.call_id
