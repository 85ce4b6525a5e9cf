select
    disputes.dispute_id,
    disputes.org_id,
    disputes.invoice_number,
    disputes.invoice_date,
    disputes.product_code,
    disputes.currency,
    disputes.claimed_amount,
    disputes.recovered_amount,
    disputes.open_amount,
    disputes.refused_amount,
    disputes.unmatched_credit_amount,
    disputes.status,
    disputes.open_days,
    disputes.last_event,
    disputes.last_event_date,
    disputes.last_recorded_by,
    disputes.credit_invoice_numbers,
    currencies.minor_units
from marts.disputes
left join reference.currencies using (currency)
where $org_id is null or disputes.org_id = $org_id
order by
    disputes.currency asc,
    disputes.open_amount desc,
    disputes.invoice_date asc,
    disputes.dispute_id asc
