-- What is found about calls of a disputed service: in the cycle, or if cut at 00:00 UTC.
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
semi join dispute_scope as scope
    on
        'telco_' || call_audit.service = scope.product_code
        and scope.cycle_start_date
        in (call_audit.cycle_start_date, call_audit.other_cycle_start_date)
where call_audit.org_id = $org_id
order by
    call_audit.started_at,
    call_audit.call_id,
    call_audit.finding
