-- The rows that weigh most come first; `$most_rows` is how many are read.
select
    kind,
    evidence_key,
    started_at,
    ended_at,
    quantity,
    amount
from marts.invoice_line_evidence
where org_id = $org_id and invoice_line_id = $invoice_line_id
order by
    abs(amount) desc,
    abs(quantity) desc,
    kind asc,
    evidence_key asc
limit $most_rows
