with

figures as (

    select * from {{ ref('int_groups_priced') }}

)

-- A line of no product we know that equals one of ours without a line.
select
    unknown.org_id,
    unknown.group_id as unknown_group_id,
    missing.group_id as missing_group_id,
    missing.product_code
from figures as unknown
inner join figures as missing
    on
        unknown.org_id = missing.org_id
        and unknown.invoice_number = missing.invoice_number
        and unknown.printed_amount = missing.expected_amount
        and coalesce(unknown.printed_quantity = missing.expected_quantity, true)
where
    unknown.group_product = 'unknown'
    and unknown.charge not in ('credit', 'earlier', 'again')
    and missing.printed_lines = 0
    and missing.expected_amount <> 0
qualify
    row_number() over (
        partition by unknown.org_id, unknown.group_id order by missing.group_id
    ) = 1
    and row_number() over (
        partition by missing.org_id, missing.group_id order by unknown.group_id
    ) = 1
