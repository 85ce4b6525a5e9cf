with

printed_lines as (

    select
        vendor_lines.*
        replace (billed_again.vendor_line_id is not null as is_billed_again)
    from {{ ref('int_vendor_lines') }} as vendor_lines
    left join {{ ref('int_lines_billed_again') }} as billed_again
        on
            vendor_lines.org_id = billed_again.org_id
            and vendor_lines.vendor_line_id = billed_again.vendor_line_id

)

-- A number in another currency answers ours only where none in ours does.
select
    printed_lines.org_id,
    printed_lines.vendor_line_id,
    answers.expected_invoice_date,
    printed_lines.invoice_number,
    coalesce(printed_lines.match_code, if(printed_lines.is_tax, 'tax', null))
        as group_product,
    printed_lines.is_tax,
    printed_lines.is_prepay,
    printed_lines.is_billed_again,
    printed_lines.breakout,
    printed_lines.quantity,
    printed_lines.amount
from printed_lines
inner join {{ ref('int_invoice_answers') }} as answers
    on
        printed_lines.org_id = answers.org_id
        and printed_lines.invoice_number = answers.invoice_number
qualify
    printed_lines.other_currency is null
    or not bool_or(printed_lines.other_currency is null) over (
        partition by printed_lines.org_id, answers.expected_invoice_date
    )
