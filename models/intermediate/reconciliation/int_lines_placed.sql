with

-- A line of no product we know is compared with what it seems to be another name of. The
-- minor unit and the international part of calls are those of our lines.
lines as (

    select
        grouped.*,
        coalesce(renamed.missing_group_id, grouped.group_id) as compared_id,
        renamed.missing_group_id is not null as is_renamed,
        coalesce(grouped.kind = 'call', false) as is_call,
        ('1e-' || currencies.minor_units)::decimal(28, 4) as minor_unit,
        currencies.minor_units,
        calls.international_minutes,
        calls.international_cost
    from {{ ref('int_invoice_groups') }} as grouped
    left join {{ ref('int_renamed_products') }} as renamed
        on
            grouped.org_id = renamed.org_id
            and grouped.group_id = renamed.unknown_group_id
    left join {{ ref('currencies') }} as currencies
        on not grouped.is_printed and grouped.currency = currencies.currency
    left join {{ ref('int_calls_by_service') }} as calls
        on
            not grouped.is_printed
            and grouped.org_id = calls.org_id
            and grouped.product_code = 'telco_' || calls.service
            and grouped.service_period_start = calls.cycle_start_date

),

-- Credits, corrections and the same line once more come last, and the International part of
-- calls after the U.S. one. The rows of a service are one sum. Two such parts that do not
-- add up to ours are told apart, but on Inbound, which may have toll-free calls (TELCO-02).
ranked as (

    select
        *,
        row_number() over (
            partition by org_id, compared_id, is_printed
            order by
                coalesce(charge_type = 'correction', false),
                amount < 0,
                is_repeated,
                coalesce(breakout = 'international', false),
                unit_price,
                amount,
                quantity,
                line_number,
                line_id
        ) as line_rank,
        bool_or(is_printed) over compared as has_printed,
        bool_or(not is_printed) over compared as has_expected,
        sum(signed_amount) over compared as group_variance,
        greatest(
            count(*) filter (where is_printed) over compared,
            count(*) filter (where not is_printed) over compared
        ) * coalesce(max(minor_unit) over compared, 0) as group_rounding,
        is_call and not bool_or(is_repeated) over compared as is_one_service,
        is_call
        and count(*) filter (where is_printed) over compared = 2
        and count(distinct breakout) over compared = 2 as is_split,
        is_split
        and has_expected
        and group_product <> 'telco_inbound'
        and abs(group_variance) > group_rounding as is_by_part
    from lines
    window compared as (partition by org_id, compared_id)

),

-- Three passes: as many lines as both sides have of the same quantity and amount, then of
-- the same amount, then of the same price. A pass sets aside what the one before matched.
{% set passes = [
    ('is_equal_in_both', 'quantity, amount', 'not is_one_service'),
    ('is_equal', 'is_equal_in_both, amount', 'not is_one_service'),
    ('is_equal_in_price', 'is_equal, unit_price',
        'not is_equal and unit_price is not null'),
] %}
{% for name, values, condition in passes %}
    {{ name[3:] }} as (

        select
            *,
            {{ condition }}
            and row_number() over one_side <= least(
                count(*) filter (where is_printed) over alike,
                count(*) filter (where not is_printed) over alike
            ) as {{ name }}
        from {{ 'ranked' if loop.first else passes[loop.index0 - 1][0][3:] }}
        window
            alike as (partition by org_id, compared_id, {{ values }}),
            one_side as (
                partition by org_id, compared_id, {{ values }}, is_printed
                order by line_rank
            )

    ),

{% endfor %}
-- What is left is paired in its order. It is one sum instead where that is all that agrees:
-- if the group does, or but for rounding if one side has more lines; and of calls.
placed as (

    select
        *,
        row_number() over (
            partition by org_id, compared_id, is_printed
            order by
                not is_equal,
                not is_equal_in_both,
                if(is_equal, amount, null),
                if(is_equal_in_both, quantity, null),
                not is_equal_in_price,
                if(is_equal_in_price, unit_price, null),
                line_rank
        ) as line_in_group,
        count(*) filter (where not is_printed) over compared as expected_lines,
        count(*) filter (where is_printed and not is_equal) over compared as printed_left,
        count(*) filter (where not is_printed and not is_equal) over compared
            as expected_left,
        not is_equal
        and has_printed
        and (
            group_variance = 0
            or (is_call and printed_left > 0 and expected_left > 0)
            or (
                printed_left <> expected_left
                and printed_left > 0
                and expected_left > 0
                and abs(group_variance) <= group_rounding
            )
        ) as is_in_sum
    from equal_in_price
    window compared as (partition by org_id, compared_id)

)

-- What is in one sum has the lines of ours beside it as far as there are some.
select
    org_id,
    invoice_number,
    group_id,
    compared_id,
    line_id,
    is_printed,
    line_rank,
    is_in_sum,
    is_by_part,
    is_renamed,
    is_repeated,
    has_expected,
    is_call,
    is_tax,
    is_waived,
    charge,
    charge_type,
    product_code,
    breakout,
    description,
    service_period_start,
    service_period_end,
    quantity,
    unit_price,
    amount,
    currency,
    minor_units,
    group_variance,
    group_rounding,
    international_minutes,
    international_cost,
    case
        when not is_in_sum then line_in_group
        when is_printed and expected_left = 0 then 0
        when is_printed
            then
                least(
                    expected_lines - expected_left + row_number() over sum_order,
                    expected_lines
                )
        else expected_lines - expected_left + row_number() over sum_order
    end as place
from placed
window
    sum_order as (
        partition by org_id, compared_id, is_printed, is_in_sum order by line_rank
    )
