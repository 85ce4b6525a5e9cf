-- What is true of calls though the sum may agree: parts that are exchanged, and calls whose
-- cost in the file is not rate times minutes.
with

figures as (

    select
        figures.*,
        amounts.minor_units,
        amounts.mispriced_calls,
        amounts.mispriced_amount,
        amounts.rated_amount,
        amounts.international_amount,
        amounts.file_amount,
        amounts.file_amount - amounts.international_amount as us_amount
    from {{ ref('int_group_figures') }} as figures
    inner join {{ ref('int_other_amounts') }} as amounts
        on
            figures.org_id = amounts.org_id
            and figures.invoice_number = amounts.invoice_number
            and figures.group_product = amounts.group_product
    where figures.kind = 'call' and figures.printed_lines > 0

),

facts as (

    select
        *,
        'us_international_swapped' as reason,
        0 as claimed
    from figures
    where
        variance_amount = 0
        and printed_us_amount = international_amount
        and printed_international_amount = us_amount
        and international_amount <> us_amount
    union all
    select
        *,
        'mispriced_calls' as reason,
        mispriced_amount as claimed
    from figures
    where
        mispriced_calls > 0
        -- Who bills the rates bills right.
        and (variance_amount = 0 or printed_amount <> rated_amount)

)

select
    org_id,
    invoice_number,
    group_id,
    reason as part,
    reason,
    product_code,
    kind,
    minor_units,
    0::decimal(28, 4) as amount,
    claimed::decimal(28, 4) as claim_amount,
    printed_description,
    printed_quantity,
    expected_quantity,
    printed_price,
    expected_price,
    printed_amount,
    expected_amount
from facts
