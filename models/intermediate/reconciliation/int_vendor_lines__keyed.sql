with

vendor_lines as (

    select * from {{ ref('int_vendor_lines__dated') }}

),

expected_prices as (

    select
        org_id,
        match_code,
        is_prepay,
        service_period_start,
        unit_price,
        count(*) as lines_count
    from {{ ref('int_expected_lines__folded') }}
    group by org_id, match_code, is_prepay, service_period_start, unit_price

),

priced as (

    select
        vendor_lines.org_id,
        vendor_lines.vendor_line_id,
        vendor_lines.source_row,
        vendor_lines.invoice_number,
        vendor_lines.invoice_date,
        vendor_lines.service_period_start,
        vendor_lines.service_period_end,
        vendor_lines.description,
        vendor_lines.product_code,
        vendor_lines.match_code,
        vendor_lines.charge_type,
        vendor_lines.kind,
        vendor_lines.is_prepay,
        vendor_lines.breakout,
        coalesce(
            row_number() over (
                partition by
                    vendor_lines.org_id,
                    vendor_lines.match_code,
                    vendor_lines.is_prepay,
                    vendor_lines.service_period_start,
                    vendor_lines.pairing_price
                order by vendor_lines.amount, vendor_lines.vendor_line_id
            ) <= expected_prices.lines_count,
            false
        ) as is_priced_alike,
        vendor_lines.quantity,
        vendor_lines.unit_price,
        vendor_lines.pairing_price,
        vendor_lines.amount,
        vendor_lines.currency
    from vendor_lines
    left join expected_prices
        on
            vendor_lines.org_id = expected_prices.org_id
            and vendor_lines.match_code = expected_prices.match_code
            and vendor_lines.is_prepay = expected_prices.is_prepay
            and vendor_lines.service_period_start = expected_prices.service_period_start
            and vendor_lines.pairing_price = expected_prices.unit_price

)

-- Lines of one key are paired at equal prices first, then in the order of their price. The
-- parts of a telco row (U.S., International) share one expected line.
select
    *,
    case
        when kind = 'call' then 1
        else row_number() over line_order
    end as line_in_key,
    kind = 'call' and row_number() over line_order < count(*) over line_key
        as is_earlier_part,
    kind = 'call'
    and count(*) over line_key = 2
    and count(distinct breakout) over line_key = 2 as is_split,
    sum(amount) over line_key as key_amount,
    coalesce(
        sum(amount) over (line_order rows between unbounded preceding and 1 preceding), 0
    ) as earlier_amount,
    coalesce(
        sum(quantity) over (line_order rows between unbounded preceding and 1 preceding), 0
    ) as earlier_quantity
from priced
window
    line_key as (
        partition by
            org_id,
            match_code,
            is_prepay,
            service_period_start,
            service_period_end
    ),
    line_order as (
        partition by
            org_id,
            match_code,
            is_prepay,
            service_period_start,
            service_period_end
        order by
            coalesce(breakout = 'international', false),
            not is_priced_alike,
            pairing_price,
            amount,
            vendor_line_id
    )
