-- What our lines of disputed products rest on, thing by thing: of a line it sums to the
-- amount.
with

answered as (

    select unnest(string_split(expected_invoice_ids, ', ')) as invoice_id
    from marts.vendor_invoices
    where org_id = $org_id and invoice_number = $invoice_number

),

claimed as (

    select unnest(difference_ids) as difference_id
    from marts.disputes
    where org_id = $org_id and invoice_number = $invoice_number

),

disputed as (

    select distinct invoice_differences.product_code
    from marts.invoice_differences
    inner join claimed using (difference_id)
    where invoice_differences.org_id = $org_id

),

lines as (

    select
        invoice_lines.invoice_line_id,
        invoice_lines.product_code
    from marts.invoice_lines
    inner join answered using (invoice_id)
    inner join disputed using (product_code)
    where invoice_lines.org_id = $org_id

)

select
    lines.product_code,
    invoice_line_evidence.invoice_line_id,
    invoice_line_evidence.kind,
    invoice_line_evidence.evidence_key,
    invoice_line_evidence.started_at,
    invoice_line_evidence.ended_at,
    invoice_line_evidence.quantity,
    invoice_line_evidence.amount
from marts.invoice_line_evidence
inner join lines using (invoice_line_id)
where invoice_line_evidence.org_id = $org_id
order by
    invoice_line_evidence.invoice_line_id,
    invoice_line_evidence.kind,
    invoice_line_evidence.evidence_key,
    invoice_line_evidence.started_at,
    invoice_line_evidence.evidence_id
