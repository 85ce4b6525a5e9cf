with

grouped as (

    select * from {{ ref('int_invoice_groups') }}

),

-- A line that the other side has too is settled: of the same quantity and amount first,
-- then of the same amount.
{% for name, source, values in [
    ('equal', 'grouped', 'quantity, amount'),
    ('settled', 'equal', 'is_equal, amount'),
] %}
    {{ name }} as (

        select
            *,
            row_number() over (
                partition by org_id, group_id, is_printed, {{ values }}
                order by is_repeated, line_id
            ) <= least(
                count(*) filter (where is_printed) over (
                    partition by org_id, group_id, {{ values }}
                ),
                count(*) filter (where not is_printed) over (
                    partition by org_id, group_id, {{ values }}
                )
            ) as is_{{ name }}
        from {{ source }}

    ),

{% endfor %}
-- A line that is there once more, if without it both sides have as many units.
repeated as (

    select
        *,
        is_printed
        and is_repeated
        and not is_settled
        and sum(quantity) filter (
            where not (is_printed and is_repeated and not is_settled)
            and is_printed
        ) over (partition by org_id, group_id)
        = sum(quantity) filter (where not is_printed) over (
            partition by org_id, group_id
        ) as is_extra
    from settled

),

-- What is left is compared, if both sides have something left, or if one has and its lines
-- are not only more or fewer at one price; else all lines are. What is waived is worth
-- nothing beside what is not.
left_over as (

    select
        *,
        not is_settled and not coalesce(is_extra, false) as is_open,
        coalesce(is_extra, false)
        or (
            is_waived
            and not is_printed
            and bool_or(not is_printed and not is_waived) over of_group
        )
        or (
            is_settled
            and bool_or(is_open) over of_group
            and (
                (
                    bool_or(is_open and is_printed) over of_group
                    and bool_or(is_open and not is_printed) over of_group
                )
                or not (
                    is_tax
                    or coalesce(
                        min(unit_price) over of_group = max(unit_price) over of_group
                        and count(unit_price + quantity) over of_group
                        = count(*) over of_group,
                        false
                    )
                )
            )
        ) as is_left_out
    from repeated
    window of_group as (partition by org_id, group_id)

),

our_prices as (

    select
        *,
        min(unit_price) filter (where not is_printed and not is_left_out) over of_group
            as our_lowest_price,
        max(unit_price) filter (where not is_printed and not is_left_out) over of_group
            as our_highest_price
    from left_over
    window of_group as (partition by org_id, group_id)

),

-- Of units that are billed at several prices those at ours are right, and the others are
-- compared with what is left of ours.
at_our_price as (

    select
        *,
        is_printed and not is_left_out and unit_price = our_lowest_price as is_at_our_price,
        coalesce(
            is_at_our_price
            and our_lowest_price = our_highest_price
            and not is_tax
            and coalesce(kind, '') <> 'call'
            and bool_or(is_printed and not is_left_out and unit_price <> our_lowest_price)
                over of_group
            and sum(quantity) filter (where is_at_our_price) over of_group
            < sum(quantity) filter (where not is_printed and not is_left_out) over of_group,
            false
        ) as is_right
    from our_prices
    window of_group as (partition by org_id, group_id)

),

compared as (

    select
        *,
        not is_left_out and not is_right as is_compared
    from at_our_price

)

-- A price only where all lines that are compared have the same; where none is printed, what
-- the amount tells.
select
    org_id,
    invoice_number,
    group_id,
    any_value(group_product) as group_product,
    any_value(charge) as charge,
    any_value(kind) as kind,
    bool_or(is_tax) as is_tax,
    bool_or(is_waived) as is_waived,
    coalesce(min(charge_type) filter (where is_compared), min(charge_type)) as charge_type,
    coalesce(
        min(product_code) filter (where not is_printed and is_compared),
        min(product_code) filter (where is_compared),
        min(product_code) filter (where is_extra),
        min(product_code) filter (where not is_printed),
        min(product_code)
    ) as product_code,
    coalesce(
        min(description) filter (where is_printed and is_compared),
        min(description) filter (where is_extra),
        min(description) filter (where is_printed)
    ) as printed_description,
    coalesce(
        min(description) filter (where is_extra),
        min(description) filter (where is_repeated and not is_settled)
    ) as repeated_description,
    min(service_period_start) filter (where is_printed) as printed_start,
    max(service_period_end) filter (where is_printed) as printed_end,
    min(service_period_start) filter (where not is_printed) as expected_start,
    max(service_period_end) filter (where not is_printed) as expected_end,
    {% for side, condition in [('printed', 'is_printed'), ('expected', 'not is_printed')] %}
        count(*) filter (where {{ condition }}) as {{ side }}_lines,
        count(*) filter (where {{ condition }} and is_compared)
            as {{ side }}_compared_lines,
        coalesce(sum(amount) filter (where {{ condition }}), 0)::decimal(28, 4)
            as {{ side }}_amount,
        min(currency) filter (where {{ condition }}) as {{ side }}_currency,
        -- All levels of a tax are on one base.
        if(
            {{ 'true' if side == 'expected' else 'false' }}
            and bool_and(group_product = 'tax'),
            max(quantity) filter (where {{ condition }}),
            sum(quantity) filter (where {{ condition }} and is_compared)
            {{ '- coalesce(sum(quantity) filter (is_right), 0)' if side == 'expected' }}
        )::decimal(38, 6) as {{ side }}_quantity,
        (
            sum(amount) filter (where {{ condition }} and is_compared)
            {{ '- coalesce(sum(amount) filter (is_right), 0)' if side == 'expected' }}
        )::decimal(28, 4) as {{ side }}_compared_amount,
        case
            when
                min(unit_price) filter (where {{ condition }} and is_compared)
                = max(unit_price) filter (where {{ condition }} and is_compared)
                then
                    min(unit_price) filter (where {{ condition }} and is_compared)
                    ::decimal(28, 10)
            {% if side == 'printed' %}
                when
                    printed_quantity > 0
                    and printed_compared_amount > 0
                    and printed_compared_amount < 1000000000000
                    and count(unit_price) filter (where {{ condition }}) = 0
                    and not bool_or(is_tax or kind is not distinct from 'call')
                    then
                        ({{ divide_half_up(
                            'printed_compared_amount', 'round(printed_quantity, 4)'
                        ) }})::decimal(28, 10)
            {% endif %}
        end as {{ side }}_price,
        sum(amount) filter (where {{ condition }} and breakout = 'us')
            as {{ side }}_us_amount,
        sum(amount) filter (where {{ condition }} and breakout = 'international')
            as {{ side }}_international_amount,
    {% endfor %}
    count(unit_price) filter (where is_printed and is_compared) = 0
    and printed_price is not null as is_price_derived,
    -- Of all lines of ours, those that are waived too.
    (sum(quantity) filter (where not is_printed))::decimal(38, 6) as whole_quantity,
    min(first_invoice_number) as first_invoice_number,
    min(amount) filter (where is_repeated and not is_settled) as repeated_amount,
    sum(amount) filter (where is_repeated and not is_settled) as repeated_sum,
    coalesce(sum(amount) filter (where is_extra), 0)::decimal(28, 4) as extra_amount,
    -- What is taxed beside all levels of ours, and is none of the lines once more.
    if(
        bool_and(is_tax and (is_printed or is_settled))
        and bool_or(not is_printed)
        and not coalesce(bool_or(is_repeated and not is_settled), false),
        string_agg(description, ' and ' order by line_id) filter (
            where is_printed and not is_settled
        ),
        null
    ) as surplus_description,
    sum(signed_amount)::decimal(28, 4) as variance_amount
from compared
group by org_id, invoice_number, group_id
