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
        unit_price,
        count(*) as lines_count
    from {{ ref('int_vendor_lines__classified') }}
    group by org_id, match_code, is_prepay, service_period_start, unit_price

),

-- The vendor does not say the type of a number, so numbers match as numbers.
keyed as (

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
        expected_lines.charge_type = 'prepay' as is_prepay,
        case
            when products.kind = 'number' then products.base_product_code
            else expected_lines.product_code
        end as match_code
    from expected_lines
    left join {{ ref('int_products__used') }} as products
        on expected_lines.product_code = products.product_code

),

-- As many lines at a price as the vendor has at it are priced alike.
priced as (

    select
        keyed.*,
        coalesce(
            row_number() over (
                partition by
                    keyed.org_id,
                    keyed.match_code,
                    keyed.is_prepay,
                    keyed.service_period_start,
                    keyed.unit_price
                order by keyed.amount, keyed.expected_line_id
            ) <= vendor_prices.lines_count,
            false
        ) as is_priced_alike
    from keyed
    left join vendor_prices
        on
            keyed.org_id = vendor_prices.org_id
            and keyed.match_code = vendor_prices.match_code
            and keyed.is_prepay = vendor_prices.is_prepay
            and keyed.service_period_start = vendor_prices.service_period_start
            and keyed.unit_price = vendor_prices.unit_price

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
