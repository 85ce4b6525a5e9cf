-- What can be claimed comes first, then what is about the most money.
select
    call_audit.call_id,
    call_audit.sip_call_id,
    call_audit.finding,
    call_audit.service,
    call_audit.started_at,
    call_audit.origin,
    call_audit.destination,
    call_audit.duration_seconds,
    call_audit.rate_per_minute,
    call_audit.reported_cost,
    call_audit.rated_cost,
    call_audit.amount,
    call_audit.claim_amount,
    call_audit.currency
from marts.call_audit
where
    call_audit.org_id = $org_id
    and (
        call_audit.cycle_start_date = $cycle_start_date
        or call_audit.cycle_start_date is null
    )
order by
    abs(call_audit.claim_amount) desc,
    abs(call_audit.amount) desc,
    call_audit.started_at asc,
    call_audit.call_id asc,
    call_audit.finding asc
limit $shown
