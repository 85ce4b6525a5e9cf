-- What is found about calls of a disputed service: in the cycle, or if cut at 00:00 UTC.
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
    where invoice_lines.org_id = $org_id and invoice_lines.charge_type <> 'prepay'

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
    call_audit.cycle_start_date,
    call_audit.other_cycle_start_date,
    call_audit.service,
    call_audit.finding,
    call_audit.started_at,
    call_audit.call_id,
    call_audit.repeats_call_id,
    call_audit.sip_call_id,
    call_audit.direction,
    call_audit.call_type,
    call_audit.origin,
    call_audit.destination,
    call_audit.duration_seconds,
    call_audit.rated_seconds,
    call_audit.rate_per_minute,
    call_audit.reported_cost,
    call_audit.rated_cost,
    call_audit.amount,
    call_audit.claim_amount,
    call_audit.currency
from marts.call_audit
inner join disputed on 'telco_' || call_audit.service = disputed.product_code
where
    call_audit.org_id = $org_id
    and (
        call_audit.cycle_start_date in (select cycles.cycle_start_date from cycles)
        or call_audit.other_cycle_start_date in (select cycles.cycle_start_date from cycles)
    )
order by
    call_audit.started_at,
    call_audit.call_id,
    call_audit.finding
