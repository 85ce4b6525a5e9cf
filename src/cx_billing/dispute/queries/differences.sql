-- What is disputed (`is_claimed`, as marts.disputes says) and what else differs.
with

claimed as (

    select unnest(difference_ids) as difference_id
    from marts.disputes
    where org_id = $org_id and invoice_number = $invoice_number

)

select
    claimed.difference_id is not null as is_claimed,
    invoice_differences.difference_id,
    invoice_differences.group_id,
    difference_reasons.title,
    invoice_differences.reason,
    invoice_differences.product_code,
    products.invoice_name as product_name,
    invoice_differences.amount,
    invoice_differences.claim_amount,
    invoice_differences.explanation,
    invoice_differences.evidence,
    invoice_differences.caused_by
from marts.invoice_differences
inner join reference.difference_reasons using (reason)
left join reference.products using (product_code)
left join claimed using (difference_id)
where
    invoice_differences.org_id = $org_id
    and invoice_differences.invoice_number = $invoice_number
order by
    claimed.difference_id is not null desc,
    invoice_differences.reason = 'follows' asc,
    invoice_differences.claim_amount desc,
    invoice_differences.difference_id asc
