with

limits as (

    select * from reference.publication_limits
    where what = 'final_invoice'

)

select
    totals.org_id,
    totals.invoice_date,
    totals.total_before,
    totals.total_now,
    totals.currency
from comparable_invoices as totals
cross join limits
where
    abs(totals.total_now - totals.total_before) >= limits.smallest_change
    and greatest(abs(totals.total_now), abs(totals.total_before))
    > limits.largest_factor * least(abs(totals.total_now), abs(totals.total_before))
order by totals.org_id, totals.invoice_date
