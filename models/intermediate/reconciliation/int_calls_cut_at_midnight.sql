-- The same costs with the voice cycle cut at 00:00 instead of 07:00, to explain a variance
-- by calls near the boundary (TELCO-07). Only where a vendor invoice is there to explain.
select
    calls.org_id,
    cycles.cycle_start_date,
    calls.service,
    sum(calls.reported_cost)::decimal(38, 10) as cdr_cost_at_midnight
from {{ ref('calls') }} as calls
inner join {{ ref('int_cycles') }} as cycles
    on
        calls.org_id = cycles.org_id
        and calls.started_at >= cycles.cycle_start_at
        and calls.started_at < cycles.cycle_end_at
semi join {{ ref('int_voice_cycles_invoiced') }} as covering_invoices
    on
        calls.org_id = covering_invoices.org_id
        and cycles.cycle_start_date = covering_invoices.cycle_start_date
group by calls.org_id, cycles.cycle_start_date, calls.service
