select
    invoice_differences.org_id,
    invoice_differences.invoice_number,
    invoice_differences.difference_id,
    difference_reasons.title,
    invoice_differences.reason,
    invoice_differences.product_code,
    invoice_differences.amount,
    invoice_differences.claim_amount,
    invoice_differences.explanation,
    invoice_differences.caused_by,
    invoice_differences.group_id
from marts.invoice_differences
inner join reference.difference_reasons using (reason)
where
    invoice_differences.org_id = $org_id
    and invoice_differences.invoice_number = $invoice_number
order by
    abs(invoice_differences.amount) desc nulls first,
    difference_reasons.position asc,
    invoice_differences.difference_id asc
