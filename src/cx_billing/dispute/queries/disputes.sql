-- What became of what is claimed: credited, refused, and what is still asked for (open).
select
    dispute_id,
    product_code,
    status,
    claimed_amount,
    recovered_amount,
    refused_amount,
    open_amount,
    currency,
    opened_date,
    last_event,
    last_event_date,
    credit_invoice_numbers
from marts.disputes
where
    org_id = $org_id
    and invoice_number = $invoice_number
    and claimed_amount > 0
order by dispute_id
