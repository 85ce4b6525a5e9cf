with

usage_end as (

    select max(usage_through_at) as usage_through_at from marts.billing_cycles

)

-- The invoices that were final in the earlier build. Seen as of an earlier day one is not
-- final again, or not there yet: that is no change.
select
    published.invoice_id,
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
    published.invoice_status <> 'accruing'
    and coalesce(built.invoice_status <> 'accruing', true)
    and coalesce(published.invoice_date <= usage_end.usage_through_at, true)
