-- What our lines of disputed products rest on, thing by thing: of a line it sums to the
-- amount.
select
    our_lines.product_code,
    invoice_line_evidence.invoice_line_id,
    invoice_line_evidence.kind,
    invoice_line_evidence.evidence_key,
    invoice_line_evidence.started_at,
    invoice_line_evidence.ended_at,
    invoice_line_evidence.quantity,
    invoice_line_evidence.amount
from marts.invoice_line_evidence
inner join dispute_our_lines as our_lines using (invoice_line_id)
semi join dispute_differences as differences
    on our_lines.product_code = differences.product_code and differences.is_claimed
where invoice_line_evidence.org_id = $org_id
order by
    invoice_line_evidence.invoice_line_id,
    invoice_line_evidence.kind,
    invoice_line_evidence.evidence_key,
    invoice_line_evidence.started_at,
    invoice_line_evidence.evidence_id
