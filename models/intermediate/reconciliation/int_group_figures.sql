-- The figures of both sides; a price only where all lines have the same.
select
    org_id,
    invoice_number,
    group_id,
    any_value(group_product) as group_product,
    any_value(charge) as charge,
    any_value(kind) as kind,
    bool_or(is_tax) as is_tax,
    bool_or(is_waived) as is_waived,
    bool_or(is_repeated) as is_any_repeated,
    coalesce(
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
        sum(quantity) filter (where {{ condition }})::decimal(38, 6)
            as {{ side }}_quantity,
        case
            when
                min(unit_price) filter (where {{ condition }})
                = max(unit_price) filter (where {{ condition }})
                then min(unit_price) filter (where {{ condition }})
        end as {{ side }}_price,
        coalesce(sum(amount) filter (where {{ condition }}), 0)::decimal(28, 4)
            as {{ side }}_amount,
        min(currency) filter (where {{ condition }}) as {{ side }}_currency,
    {% endfor %}
    min(amount) filter (where is_repeated) as repeated_amount,
    count(*) filter (where is_repeated) as repeated_lines,
    sum(signed_amount)::decimal(28, 4) as variance_amount,
    {% for part in ['us', 'international'] %}
        sum(amount) filter (where breakout = '{{ part }}') as printed_{{ part }}_amount
        {{- ',' if not loop.last }}
    {% endfor %}
from {{ ref('int_invoice_groups') }}
group by org_id, invoice_number, group_id
