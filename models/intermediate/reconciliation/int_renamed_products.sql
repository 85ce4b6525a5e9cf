with

figures as (

    select
        *,
        row_number() over (
            partition by
                org_id, invoice_number, printed_amount, printed_quantity,
                expected_compared_amount, expected_quantity
            order by group_id
        ) as place_among_equals
    from {{ ref('int_groups_priced') }}

)

-- A line of no product we know that equals one of ours without a line; of several that are
-- alike the first equals the first, the second the second.
select
    unnamed.org_id,
    unnamed.group_id as unknown_group_id,
    missing.group_id as missing_group_id,
    missing.product_code
from figures as unnamed
inner join figures as missing
    on
        unnamed.org_id = missing.org_id
        and unnamed.invoice_number = missing.invoice_number
        and unnamed.printed_amount = missing.expected_compared_amount
        and coalesce(unnamed.printed_quantity = missing.expected_quantity, true)
where
    unnamed.group_product = 'unknown'
    and unnamed.charge not in ('credit', 'earlier', 'again')
    and missing.printed_compared_lines = 0
    and missing.expected_compared_amount <> 0
qualify
    row_number() over (
        partition by unnamed.org_id, unnamed.group_id
        order by
            unnamed.place_among_equals <> missing.place_among_equals, missing.group_id
    ) = 1
    and row_number() over (
        partition by missing.org_id, missing.group_id
        order by
            unnamed.place_among_equals <> missing.place_among_equals, unnamed.group_id
    ) = 1
