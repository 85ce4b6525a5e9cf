-- What can be claimed comes first, then what is about the most money. A file that was
-- delivered again has each of its calls here: `$shown_again` of them are read.
with

ranked as (

    select
        *,
        row_number() over (
            partition by finding
            order by
                abs(amount) desc,
                started_at asc,
                call_id asc
        ) as finding_rank
    from marts.call_audit
    where
        org_id = $org_id
        and (
            cycle_start_date = $cycle_start_date
            or cycle_start_date is null
        )

)

select
    call_id,
    sip_call_id,
    finding,
    service,
    started_at,
    origin,
    destination,
    duration_seconds,
    rate_per_minute,
    reported_cost,
    rated_cost,
    amount,
    claim_amount,
    currency
from ranked
where finding <> 'delivered_again' or finding_rank <= $shown_again
order by
    abs(claim_amount) desc,
    abs(amount) desc,
    started_at asc,
    call_id asc,
    finding asc
limit $shown
