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

-- What is left is compared, if both sides have something left; else all lines are.
left_over as (

    select
        *,
        coalesce(is_extra, false)
        or (is_settled and bool_or(not is_settled and is_printed) over (
            partition by org_id, group_id
        ) and bool_or(not is_settled and not is_printed) over (
            partition by org_id, group_id
        )) as is_left_out
    from repeated

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
    min(charge_type) filter (where not is_left_out) as charge_type,
    coalesce(
        min(product_code) filter (where not is_printed and not is_left_out),
        min(product_code) filter (where not is_printed),
        min(product_code) filter (where is_printed)
    ) as product_code,
    min(description) filter (where is_printed) as printed_description,
    min(service_period_start) filter (where is_printed) as printed_start,
    max(service_period_end) filter (where is_printed) as printed_end,
    min(service_period_start) filter (where not is_printed) as expected_start,
    max(service_period_end) filter (where not is_printed) as expected_end,
    {% for side, condition in [('printed', 'is_printed'), ('expected', 'not is_printed')] %}
        count(*) filter (where {{ condition }}) as {{ side }}_lines,
        coalesce(sum(amount) filter (where {{ condition }}), 0)::decimal(28, 4)
            as {{ side }}_amount,
        min(currency) filter (where {{ condition }}) as {{ side }}_currency,
        -- All levels of a tax are on one base.
        if(
            {{ 'true' if side == 'expected' else 'false' }}
            and bool_and(group_product = 'tax'),
            max(quantity) filter (where {{ condition }}),
            sum(quantity) filter (where {{ condition }} and not is_left_out)
        )::decimal(38, 6) as {{ side }}_quantity,
        (sum(amount) filter (where {{ condition }} and not is_left_out))
        ::decimal(28, 4) as {{ side }}_compared_amount,
        case
            when
                min(unit_price) filter (where {{ condition }} and not is_left_out)
                = max(unit_price) filter (where {{ condition }} and not is_left_out)
                then min(unit_price) filter (where {{ condition }} and not is_left_out)
            {% if side == 'printed' %}
                when
                    printed_quantity > 0
                    and printed_compared_amount > 0
                    and printed_compared_amount < 1000000000000
                    and count(unit_price) filter (where {{ condition }}) = 0
                    and not bool_or(is_tax or kind is not distinct from 'call')
                    then
                        {{ divide_half_up(
                            'printed_compared_amount', 'round(printed_quantity, 4)'
                        ) }}
            {% endif %}
        end as {{ side }}_price,
        sum(amount) filter (where {{ condition }} and breakout = 'us')
            as {{ side }}_us_amount,
        sum(amount) filter (where {{ condition }} and breakout = 'international')
            as {{ side }}_international_amount,
    {% endfor %}
    min(first_invoice_number) as first_invoice_number,
    min(amount) filter (where is_repeated and not is_settled) as repeated_amount,
    sum(amount) filter (where is_repeated and not is_settled) as repeated_sum,
    coalesce(sum(amount) filter (where is_extra), 0)::decimal(28, 4) as extra_amount,
    sum(signed_amount)::decimal(28, 4) as variance_amount
from left_over
group by org_id, invoice_number, group_id
