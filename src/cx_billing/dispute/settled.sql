-- What became of an invoice of the vendor of which nothing claimed is open any more; of
-- another no row.
select
    sum(recovered_amount) as recovered_amount,
    sum(refused_amount) as refused_amount
from marts.disputes
where
    org_id = $org_id
    and invoice_number = $invoice_number
    and claimed_amount > 0
having sum(open_amount) = 0
