with

vendor_lines as (

    select * from {{ ref('int_vendor_lines_dated') }}
    where match_code is not null

),

expected_lines as (

    select * from {{ ref('int_expected_lines') }}

),

both_sides as (

    select
        true as is_vendor,
        vendor_line_id as line_id,
        row(org_id, match_code, is_prepay, service_period_start, service_period_end)
            as line_key,
        kind = 'call' as is_call,
        charge_type,
        quantity::decimal(38, 6) as quantity,
        unit_price::decimal(28, 10) as unit_price,
        amount::decimal(28, 4) as amount,
        invoice_date,
        source_row
    from vendor_lines
    union all
    select
        false as is_vendor,
        expected_line_id as line_id,
        row(org_id, match_code, is_prepay, service_period_start, service_period_end)
            as line_key,
        false as is_call,
        charge_type,
        quantity::decimal(38, 6) as quantity,
        unit_price::decimal(28, 10) as unit_price,
        amount::decimal(28, 4) as amount,
        invoice_date,
        0 as source_row
    from expected_lines

),

-- What the vendor calls Committed is our commitment, where both have one; a line without
-- that word may be either (INV-03). Credits and corrections find theirs last.
ranked as (

    select
        *,
        charge_type = 'committed'
        and bool_or(charge_type = 'committed' and is_vendor) over line_group
        and bool_or(charge_type = 'committed' and not is_vendor) over line_group
            as is_committed,
        row_number() over (
            partition by line_key, is_vendor
            order by
                charge_type = 'correction',
                amount < 0,
                unit_price,
                amount,
                quantity,
                invoice_date,
                source_row,
                line_id
        ) as line_rank
    from both_sides
    window line_group as (partition by line_key)

),

-- Three passes: as many lines as both sides have of the same quantity and amount, then of
-- the same amount, then of the same price. A pass sets aside what the one before matched.
{% set passes = [
    ('is_equal_in_both', 'quantity, amount', 'true'),
    ('is_equal_in_amount', 'is_equal_in_both, amount', 'true'),
    ('is_equal_in_price', 'is_equal_in_amount, unit_price',
        'not is_equal_in_amount and unit_price is not null'),
] %}
{% for is_equal, values, condition in passes %}
    {{ is_equal[3:] }} as (

        select
            *,
            {{ condition }}
            and row_number() over one_side <= least(
                count(*) filter (is_vendor) over alike,
                count(*) filter (not is_vendor) over alike
            ) as {{ is_equal }}
        from {{ 'ranked' if loop.first else passes[loop.index0 - 1][0][3:] }}
        window
            alike as (partition by line_key, is_committed, {{ values }}),
            one_side as (
                partition by line_key, is_committed, {{ values }}, is_vendor
                order by line_rank
            )

    ),

{% endfor %}
-- What is left is paired in its order. The parts of a telco row share one line of ours.
placed as (

    select
        is_vendor,
        line_id,
        line_key,
        is_committed,
        case
            when is_call then 1
            else row_number() over (
                partition by line_key, is_committed, is_vendor
                order by
                    case when is_equal_in_amount then amount end nulls last,
                    case when is_equal_in_both then quantity end nulls last,
                    case when is_equal_in_price then unit_price end nulls last,
                    line_rank
            )
        end as line_in_key
    from equal_in_price

)

select
    vendor_lines.line_id as vendor_line_id,
    expected_lines.line_id as expected_line_id
from placed as vendor_lines
inner join placed as expected_lines
    on
        vendor_lines.line_key = expected_lines.line_key
        and vendor_lines.is_committed = expected_lines.is_committed
        and vendor_lines.line_in_key = expected_lines.line_in_key
where vendor_lines.is_vendor and not expected_lines.is_vendor
