-- Which calls would be in another cycle if voice were cut at 00:00 instead of 07:00 UTC?
-- The first suspects when a telco line differs by a few calls (CYC-04, TELCO-07). Paste
-- into `duckdb <home>/cx_billing.duckdb`.
select
    calls.org_id,
    calls.cycle_start_date as voice_cycle,
    core_cycles.cycle_start_date as cycle_if_cut_at_midnight,
    calls.service,
    count(*) as calls_count,
    sum(calls.reported_cost) as reported_cost,
    min(calls.started_at) as first_call_at,
    max(calls.started_at) as last_call_at
from marts.calls as calls
inner join marts.billing_cycles as core_cycles
    on
        calls.org_id = core_cycles.org_id
        and core_cycles.clock = 'core'
        and calls.started_at >= core_cycles.cycle_start_at
        and calls.started_at < core_cycles.cycle_end_at
where calls.cycle_start_date <> core_cycles.cycle_start_date
group by all
order by all;
