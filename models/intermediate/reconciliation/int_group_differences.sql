with

judged as (

    select * from {{ ref('int_group_reasons') }}

),

-- What is billed beside what is expected may be on an invoice of ours that no number
-- answers; of several the one of the closest period counts.
ours_elsewhere as (

    select
        judged.org_id,
        judged.group_id,
        min_by(
            invoice_lines.invoice_date,
            (
                abs(invoice_lines.service_period_start - judged.printed_start),
                invoice_lines.invoice_date
            )
        ) as invoice_date
    from judged
    inner join {{ ref('int_invoice_lines') }} as invoice_lines
        on
            judged.org_id = invoice_lines.org_id
            and judged.product_code = invoice_lines.product_code
            and judged.printed_compared_amount = invoice_lines.amount
    anti join {{ ref('int_answered_lines') }} as answered_lines
        on
            invoice_lines.org_id = answered_lines.org_id
            and invoice_lines.invoice_line_id = answered_lines.invoice_line_id
    where
        judged.reason = 'line_without_usage'
        and judged.printed_compared_amount > 0
        and invoice_lines.invoice_status = 'final'
    group by judged.org_id, judged.group_id

),

found_elsewhere as (

    select
        judged.*,
        ours_elsewhere.invoice_date as elsewhere_date
    from judged
    left join ours_elsewhere
        on
            judged.org_id = ours_elsewhere.org_id
            and judged.group_id = ours_elsewhere.group_id

),

-- Quantity at our rate first, then the rate at the vendor's quantity, then what is left.
split as (

    select
        *,
        -- What a minimum is made of, and what the vendor's would be right for (INV-09).
        case
            when kind = 'minimum' and minimum_amount is null
                then 'this invoice answers no cycle that has a minimum'
            when kind = 'minimum'
                then
                    'the cycle costs ' || {{ plain_money('counted_amount', 'minor_units') }}
                    || ', so that '
                    || if(
                        counted_amount < minimum_amount,
                        {{ plain_money(
                            'minimum_amount - counted_amount', 'minor_units'
                        ) }},
                        'nothing'
                    )
                    || ' is missing to the minimum of '
                    || {{ plain_money('minimum_amount', 'minor_units') }}
        end as of_minimum,
        case
            when printed_amount = minimum_amount then 'the whole of it, but '
            when printed_amount < minimum_amount
                then
                    'right if the cycle cost '
                    || {{ plain_money('minimum_amount - printed_amount', 'minor_units') }}
                    || ', but '
            else ''
        end || of_minimum as minimum_assumed,
        coalesce(expected_compared_amount, 0) as ours,
        variance_amount - extra_amount as compared_variance,
        case
            when
                reason is null
                and coalesce(kind, '') <> 'call'
                and printed_quantity is not null
                and (expected_price is not null or printed_quantity = expected_quantity)
                then
                    if(
                        printed_quantity is not distinct from expected_quantity,
                        coalesce(expected_compared_amount, 0),
                        {{ line_amount(
                            'printed_quantity', 'expected_price', 'minor_units'
                        ) }}
                    )
        end as at_our_rate,
        case
            -- A price that the amount tells leaves no rest.
            when is_price_derived and at_our_rate is not null
                then printed_compared_amount
            when printed_price is not null and at_our_rate is not null
                then
                    if(
                        printed_price = expected_price, at_our_rate,
                        {{ line_amount(
                            'printed_quantity', 'printed_price', 'minor_units'
                        ) }}
                    )
            else at_our_rate
        end as at_their_rate
    from found_elsewhere

),

parts as (

    select
        *,
        reason as part_reason,
        if(reason = 'renamed_product', 0, variance_amount) as part_amount,
        'whole' as part,
        case
            when reason = 'duplicate_line'
                then
                    coalesce(
                        'invoice ' || first_invoice_number || ' has it too',
                        'it is on this invoice once more'
                    )
            when reason = 'commitment_not_billed' and kind = 'minimum'
                then of_minimum
            when kind = 'minimum' then minimum_assumed
            when reason = 'line_without_usage' then elsewhere_date::varchar
            else whole_assumed
        end as assumed,
        if(reason = whole_reason, other_whole_reasons, null) as other_reasons
    from split
    where reason is not null
    union all by name
    select
        *,
        'duplicate_line' as part_reason,
        extra_amount as part_amount,
        'extra' as part,
        'it is on this invoice once more' as assumed,
        null as other_reasons
    from split
    where reason is null and extra_amount <> 0
    union all by name
    select
        *,
        coalesce(quantity_reason, 'wrong_quantity') as part_reason,
        at_our_rate - ours as part_amount,
        'quantity' as part,
        quantity_assumed as assumed,
        other_quantity_reasons as other_reasons
    from split
    where at_our_rate <> ours
    union all by name
    select
        *,
        coalesce(rate_reason, 'wrong_rate') as part_reason,
        at_their_rate - at_our_rate as part_amount,
        'rate' as part,
        coalesce(rate_assumed, minimum_assumed) as assumed,
        other_rate_reasons as other_reasons
    from split
    where at_their_rate <> at_our_rate
    union all by name
    select
        *,
        case
            when at_their_rate is null then 'unexplained'
            when
                abs(compared_variance - (at_their_rate - ours))
                <= compared_lines * power(10, -minor_units)
                then 'rounding'
            when printed_price is not null then 'amount_is_not_quantity_times_rate'
            when printed_quantity = expected_quantity then 'wrong_rate'
            else 'unexplained'
        end as part_reason,
        compared_variance - coalesce(at_their_rate - ours, 0) as part_amount,
        'rest' as part,
        minimum_assumed as assumed,
        null as other_reasons
    from split
    where
        reason is null
        and compared_variance - coalesce(at_their_rate - ours, 0) <> 0

),

told as (

    select
        *,
        part_reason = 'duplicate_line'
        or coalesce(printed_compared_amount, expected_compared_amount) is null
            as is_of_all_lines
    from parts

)

select
    org_id,
    invoice_number,
    group_id,
    part,
    part_reason as reason,
    coalesce(renamed_product_code, product_code) as product_code,
    kind,
    minor_units,
    part_amount::decimal(28, 4) as amount,
    assumed,
    other_reasons,
    if(
        part_reason = 'duplicate_line',
        coalesce(repeated_description, printed_description),
        printed_description
    ) as printed_description,
    printed_quantity,
    expected_quantity,
    printed_price,
    expected_price,
    -- What is billed twice is told by the whole group, all else by the lines that differ.
    if(is_of_all_lines, printed_amount, printed_compared_amount) as printed_amount,
    if(is_of_all_lines, expected_amount, expected_compared_amount) as expected_amount
from told
