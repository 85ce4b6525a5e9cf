with

expected_lines as (

    select * from {{ ref('int_expected_lines__folded') }}

),

vendor_prices as (

    select
        org_id,
        match_code,
        is_prepay,
        service_period_start,
        pairing_price,
        count(*) as lines_count
    from {{ ref('int_vendor_lines__dated') }}
    group by org_id, match_code, is_prepay, service_period_start, pairing_price

),

-- As many lines at a price as the vendor has at it are priced alike.
priced as (

    select
        expected_lines.expected_line_id,
        expected_lines.org_id,
        expected_lines.invoice_date,
        expected_lines.product_code,
        expected_lines.charge_type,
        expected_lines.service_period_start,
        expected_lines.service_period_end,
        expected_lines.description,
        expected_lines.quantity,
        expected_lines.unit_price,
        expected_lines.amount,
        expected_lines.currency,
        expected_lines.is_waived,
        expected_lines.is_prepay,
        expected_lines.match_code,
        coalesce(
            row_number() over (
                partition by
                    expected_lines.org_id,
                    expected_lines.match_code,
                    expected_lines.is_prepay,
                    expected_lines.service_period_start,
                    expected_lines.unit_price
                order by expected_lines.amount, expected_lines.expected_line_id
            ) <= vendor_prices.lines_count,
            false
        ) as is_priced_alike
    from expected_lines
    left join vendor_prices
        on
            expected_lines.org_id = vendor_prices.org_id
            and expected_lines.match_code = vendor_prices.match_code
            and expected_lines.is_prepay = vendor_prices.is_prepay
            and expected_lines.service_period_start = vendor_prices.service_period_start
            and expected_lines.unit_price = vendor_prices.pairing_price

)

-- Within a key, lines at a price the vendor has too come first, then by price.
select
    *,
    row_number() over (
        partition by
            org_id,
            match_code,
            is_prepay,
            service_period_start,
            service_period_end
        order by not is_priced_alike, unit_price, amount, expected_line_id
    ) as line_in_key
from priced
