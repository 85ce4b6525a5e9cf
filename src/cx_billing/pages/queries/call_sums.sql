-- Of the cycle, and of the records that are in none.
select
    call_audit.cycle_start_date,
    call_audit.finding,
    call_audit.service,
    call_audit.currency,
    count(*) as calls_count,
    sum(call_audit.amount) as amount,
    sum(call_audit.claim_amount) as claim_amount
from marts.call_audit
where
    call_audit.org_id = $org_id
    and (
        call_audit.cycle_start_date = $cycle_start_date
        or call_audit.cycle_start_date is null
    )
group by all
order by
    abs(sum(call_audit.claim_amount)) desc,
    abs(sum(call_audit.amount)) desc,
    call_audit.finding asc,
    call_audit.service asc
