-- Of each line the rows that weigh most; `$most_rows` is how many are read.
with

ranked as (

    select
        invoice_line_id,
        kind,
        evidence_key,
        started_at,
        ended_at,
        quantity,
        amount,
        count(*) over (partition by invoice_line_id) as rows_count,
        row_number() over (
            partition by invoice_line_id
            order by
                abs(amount) desc,
                abs(quantity) desc,
                kind asc,
                evidence_key asc
        ) as weight_rank
    from marts.invoice_line_evidence
    where
        org_id = $org_id
        and list_contains($invoice_line_ids::varchar[], invoice_line_id)

)

select *
from ranked
where weight_rank <= $most_rows
order by invoice_line_id, weight_rank
