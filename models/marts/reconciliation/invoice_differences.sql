with

group_differences as (

    select * from {{ ref('int_group_differences') }}

),

tax_differences as (

    select * from {{ ref('int_tax_differences') }}

),

call_facts as (

    select * from {{ ref('int_call_facts') }}

),

invoices as (

    select * from {{ ref('int_vendor_invoices') }}

),

differences as (

    select * from group_differences
    union all by name
    select * from tax_differences
    union all by name
    select * from call_facts

),

dated as (

    select
        differences.*,
        products.invoice_name,
        differences.org_id || '/' || differences.group_id || '/' || differences.part
            as difference_id,
        answers.expected_invoice_date,
        invoices.invoice_date as printed_date
    from differences
    left join {{ ref('int_products') }} as products
        on
            differences.product_code = products.product_code
            and coalesce(products.org_id, differences.org_id) = differences.org_id
    left join {{ ref('int_invoice_answers') }} as answers
        on
            differences.org_id = answers.org_id
            and differences.invoice_number = answers.invoice_number
    left join invoices
        on
            differences.org_id = invoices.org_id
            and differences.invoice_number = invoices.invoice_number
    where invoices.other_currency is null

),

-- A credit or correction settles the difference that it cancels, of an invoice that is not
-- later.
settled as (

    select
        later.difference_id,
        earlier.difference_id as settled_difference_id
    from dated as later
    inner join dated as earlier
        on
            later.org_id = earlier.org_id
            and later.amount = -earlier.amount
            and later.printed_date >= earlier.printed_date
    where
        later.reason in ('credit', 'earlier_period')
        and earlier.reason not in ('credit', 'earlier_period', 'follows')
    qualify
        row_number() over (
            partition by later.difference_id
            order by
                later.product_code is not distinct from earlier.product_code desc,
                earlier.printed_date desc,
                earlier.difference_id asc
        ) = 1
        and row_number() over (
            partition by earlier.difference_id
            order by
                later.product_code is not distinct from earlier.product_code desc,
                later.printed_date asc,
                later.difference_id asc
        ) = 1

),

-- A tax follows only from what is wrong; where lines differ by rounding alone it does too.
causes as (

    select
        dated.* replace (
            if(
                dated.reason = 'follows'
                and dated.is_within_rounding
                and not bool_or(
                    dated.kind is distinct from 'tax'
                    and dated.reason <> 'follows'
                    and not reasons.is_agreement
                ) over (
                    partition by
                        dated.org_id,
                        coalesce(dated.expected_invoice_date::varchar, dated.invoice_number)
                ),
                'rounding',
                dated.reason
            ) as reason
        ),
        if(
            dated.kind is distinct from 'tax' and dated.reason <> 'follows',
            dated.difference_id,
            null
        ) as cause_id
    from dated
    inner join {{ ref('difference_reasons') }} as reasons
        on dated.reason = reasons.reason

),

-- What follows is tied to the largest difference that is no tax, of its number, or else of
-- all numbers that answer one invoice of ours: taxes may have a number of their own.
tied as (

    select
        dated.*,
        case
            when dated.reason = 'follows'
                then
                    coalesce(
                        max_by(dated.cause_id, abs(dated.amount)) filter (
                            dated.cause_id is not null
                        ) over of_number,
                        max_by(dated.cause_id, abs(dated.amount)) filter (
                            dated.cause_id is not null
                        ) over of_invoice
                    )
            else settled.settled_difference_id
        end as caused_by
    from causes as dated
    left join settled
        on dated.difference_id = settled.difference_id
    window
        of_number as (partition by dated.org_id, dated.invoice_number),
        of_invoice as (
            partition by
                dated.org_id,
                coalesce(dated.expected_invoice_date::varchar, dated.invoice_number)
        )
    union all by name
    select
        org_id,
        invoice_number,
        'other_currency' as reason,
        other_currency as assumed,
        org_id || '/' || invoice_number || '/other_currency' as difference_id
    from invoices
    where other_currency is not null
    union all by name
    select
        org_id,
        invoice_number,
        'total_differs' as reason,
        0 as amount,
        total['description'] as printed_description,
        total['amount'] as printed_amount,
        total['lines_amount'] as expected_amount,
        minor_units,
        org_id || '/' || invoice_number || '/total_differs/' || total['source_row']
            as difference_id
    from invoices
    cross join unnest(wrong_totals) as totals (total)

)

select
    tied.difference_id,
    tied.org_id,
    tied.invoice_number,
    tied.reason,
    tied.product_code,
    tied.amount::decimal(28, 4) as amount,
    -- Who bills calls by the rates, where the file does not, bills right.
    coalesce(
        tied.claim_amount, if(tied.reason = 'mispriced_calls', 0, tied.amount)
    )::decimal(28, 4) as claim_amount,
    rtrim({{ explanation('tied', sentence('tied')) }}, '.')
    || coalesce(
        '; the same figure would also come from: '
        || replace(tied.other_reasons, '_', ' '),
        ''
    )
    || '.' as explanation,
    to_json({
        'printed_quantity': tied.printed_quantity,
        'expected_quantity': tied.expected_quantity,
        'printed_price': tied.printed_price,
        'expected_price': tied.expected_price,
        'printed_amount': tied.printed_amount,
        'expected_amount': tied.expected_amount,
        'assumed': tied.assumed,
        'other_reasons': tied.other_reasons
    })::varchar as evidence,
    tied.caused_by,
    tied.group_id
from tied
inner join {{ ref('difference_reasons') }} as reasons
    on tied.reason = reasons.reason
