-- The calls of a disputed service. Numbers are in no mart.
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
inner join dispute_scope as scope
    on
        calls.cycle_start_date = scope.cycle_start_date
        and 'telco_' || calls.service = scope.product_code
where calls.org_id = $org_id
order by calls.cycle_start_date, calls.service, calls.started_at, calls.call_id
