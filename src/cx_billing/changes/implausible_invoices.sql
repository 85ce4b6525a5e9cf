with

limits as (

    select * from reference.publication_limits
    where what = 'final_invoice'

),

usage_end as (

    select max(usage_through_at) as usage_through_at from marts.billing_cycles

),

-- Seen as of an earlier day an invoice is not final again, or not there yet: no change.
totals as (

    select
        published.org_id,
        published.invoice_date,
        published.total_amount as total_before,
        coalesce(built.total_amount, 0) as total_now,
        published.currency
    from earlier.marts.invoices as published
    cross join usage_end
    left join marts.invoices as built
        on published.invoice_id = built.invoice_id
    where
        published.invoice_status = 'final'
        and coalesce(built.invoice_status <> 'accruing', true)
        and coalesce(published.invoice_date <= usage_end.usage_through_at, true)

)

select totals.*
from totals
cross join limits
where
    abs(totals.total_now - totals.total_before) >= limits.smallest_change
    and greatest(abs(totals.total_now), abs(totals.total_before))
    > limits.largest_factor * least(abs(totals.total_now), abs(totals.total_before))
order by totals.org_id, totals.invoice_date
