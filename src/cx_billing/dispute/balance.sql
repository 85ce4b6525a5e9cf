-- What became of what is claimed of an invoice of the vendor, over all its disputes.
select
    coalesce(sum(claimed_amount), 0) as claimed_amount,
    coalesce(sum(recovered_amount), 0) as recovered_amount,
    coalesce(sum(refused_amount), 0) as refused_amount,
    coalesce(sum(open_amount) = 0, false) as is_settled
from marts.disputes
where
    org_id = $org_id
    and invoice_number = $invoice_number
    and claimed_amount > 0
