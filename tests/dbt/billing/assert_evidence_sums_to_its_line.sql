with

evidence as (

    select
        org_id,
        invoice_line_id,
        sum(quantity) as quantity,
        sum(amount) as amount
    from {{ ref('invoice_line_evidence') }}
    group by org_id, invoice_line_id

)

select
    coalesce(invoice_lines.org_id, evidence.org_id) as org_id,
    invoice_lines.invoice_line_id,
    invoice_lines.quantity,
    evidence.quantity as evidence_quantity,
    invoice_lines.amount,
    evidence.amount as evidence_amount
from {{ ref('invoice_lines') }} as invoice_lines
full join evidence
    on invoice_lines.invoice_line_id = evidence.invoice_line_id
where
    invoice_lines.quantity is distinct from evidence.quantity
    or invoice_lines.amount is distinct from evidence.amount
