with

figures as (

    select * from {{ ref('int_groups_priced') }}

),

candidates as (

    select * from {{ ref('int_group_candidates') }}

),

-- A line of no product we know that equals one of ours without a line.
renamed as (

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

),

-- What explains the difference of a group as a whole.
judged as (

    select
        figures.*,
        of_whole.reason as whole_reason,
        of_quantity.reason as quantity_reason,
        of_quantity.assumed as quantity_assumed,
        of_rate.reason as rate_reason,
        of_rate.assumed as rate_assumed,
        of_quantity.other_reasons as other_quantity_reasons,
        of_rate.other_reasons as other_rate_reasons,
        renamed_to.product_code as renamed_product_code,
        case
            when figures.charge = 'credit' then 'credit'
            when figures.charge = 'earlier' then 'earlier_period'
            when figures.charge = 'again' then 'duplicate_line'
            when
                figures.kind = 'minimum'
                and figures.variance_amount + figures.counted_variance = 0
                then 'follows'
            when renamed_to.product_code is not null then 'renamed_product'
            when
                figures.printed_lines > 0
                and figures.expected_lines > 0
                and abs(figures.variance_amount)
                <= greatest(figures.printed_lines, figures.expected_lines)
                * power(10, -figures.minor_units)
                then 'rounding'
            when figures.printed_lines = 0 and figures.charge in ('prepay', 'committed')
                then 'commitment_not_billed'
            when figures.printed_lines = 0 then 'usage_without_line'
            when figures.is_waived and figures.expected_amount = 0 then 'charged_in_ramp'
            when figures.group_product = 'unknown' then 'unknown_product'
            when
                figures.repeated_amount <> 0
                and figures.variance_amount % figures.repeated_amount = 0
                and figures.variance_amount / figures.repeated_amount
                <= figures.repeated_sum / figures.repeated_amount
                then 'duplicate_line'
            when of_whole.reason is not null then of_whole.reason
            when
                figures.expected_lines = 0
                and (
                    of_quantity.reason is null
                    or figures.printed_price is distinct from figures.expected_price
                )
                then 'line_without_usage'
            when
                figures.expected_lines = 0
                or figures.kind = 'call'
                or coalesce(
                    figures.printed_quantity, figures.printed_price,
                    figures.expected_quantity, figures.expected_price
                ) is null
                or figures.printed_quantity is null
                or figures.expected_quantity is null
                then null
        end as reason
    from figures
    left join candidates as of_whole
        on
            figures.org_id = of_whole.org_id
            and figures.group_id = of_whole.group_id
            and of_whole.part = 'whole'
    left join candidates as of_quantity
        on
            figures.org_id = of_quantity.org_id
            and figures.group_id = of_quantity.group_id
            and of_quantity.part = 'quantity'
    left join candidates as of_rate
        on
            figures.org_id = of_rate.org_id
            and figures.group_id = of_rate.group_id
            and of_rate.part = 'rate'
    left join renamed as renamed_to
        on
            figures.org_id = renamed_to.org_id
            and figures.group_id = renamed_to.unknown_group_id
    anti join renamed as renamed_from
        on
            figures.org_id = renamed_from.org_id
            and figures.group_id = renamed_from.missing_group_id
    where figures.variance_amount <> 0

),

-- Quantity at our rate first, then the rate at the vendor's quantity, then what is left.
split as (

    select
        *,
        coalesce(expected_compared_amount, 0) as ours,
        case
            when
                reason is null
                and kind is distinct from 'call'
                and printed_quantity is not null
                and expected_price is not null
                then
                    if(
                        printed_quantity is not distinct from expected_quantity,
                        coalesce(expected_compared_amount, 0),
                        {{ round_money('printed_quantity * expected_price', 'minor_units') }}
                    )
        end as at_our_rate,
        case
            when printed_price is not null and at_our_rate is not null
                then
                    if(
                        printed_price = expected_price, at_our_rate,
                        {{ round_money('printed_quantity * printed_price', 'minor_units') }}
                    )
            else at_our_rate
        end as at_their_rate
    from judged

),

parts as (

    select
        *,
        reason as part_reason,
        if(reason = 'renamed_product', 0, variance_amount) as part_amount,
        'whole' as part,
        null as assumed,
        null as other_reasons
    from split
    where reason is not null
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
        rate_assumed as assumed,
        other_rate_reasons as other_reasons
    from split
    where at_their_rate <> at_our_rate
    union all by name
    select
        *,
        case
            when at_their_rate is null then 'unexplained'
            when
                abs(variance_amount - (at_their_rate - ours))
                <= printed_lines * power(10, -minor_units)
                then 'rounding'
            else 'amount_is_not_quantity_times_rate'
        end as part_reason,
        variance_amount - coalesce(at_their_rate - ours, 0) as part_amount,
        'rest' as part,
        null as assumed,
        null as other_reasons
    from split
    where
        reason is null
        and variance_amount - coalesce(at_their_rate - ours, 0) <> 0

)

select
    org_id,
    invoice_number,
    group_id,
    part,
    part_reason as reason,
    coalesce(renamed_product_code, product_code) as product_code,
    kind,
    part_amount::decimal(28, 4) as amount,
    assumed,
    other_reasons,
    printed_description,
    printed_quantity,
    expected_quantity,
    printed_price,
    expected_price,
    printed_amount,
    expected_amount
from parts
