select
    kind,
    count(*) as rows_count,
    sum(quantity) as quantity,
    sum(amount) as amount
from marts.invoice_line_evidence
where org_id = $org_id and invoice_line_id = $invoice_line_id
group by kind
order by
    abs(sum(amount)) desc,
    kind asc
