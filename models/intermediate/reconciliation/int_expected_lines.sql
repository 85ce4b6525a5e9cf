with

invoice_lines as (

    select * from {{ ref('invoice_lines') }}
    where invoice_status = 'final'

),

covering_invoices as (

    select * from {{ ref('int_vendor_invoices__covering') }}

),

currencies as (

    select * from {{ ref('currencies') }}

),

call_costs as (

    select * from {{ ref('int_charges__telco') }}

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

-- Against a vendor invoice without a toll-free row, toll-free calls are part of Inbound.
folded as (

    select
        invoice_lines.invoice_line_id,
        invoice_lines.org_id,
        invoice_lines.invoice_date,
        case
            when
                invoice_lines.product_code = 'telco_toll_free'
                and not covering_invoices.has_toll_free_row
                then 'telco_inbound'
            else invoice_lines.product_code
        end as product_code,
        invoice_lines.charge_type,
        invoice_lines.service_period_start,
        invoice_lines.service_period_end,
        invoice_lines.description,
        invoice_lines.quantity,
        invoice_lines.unit_price,
        invoice_lines.amount,
        call_costs.unrounded_amount,
        invoice_lines.currency,
        invoice_lines.is_waived
    from invoice_lines
    left join call_costs
        on
            invoice_lines.org_id = call_costs.org_id
            and invoice_lines.product_code = call_costs.product_code
            and invoice_lines.service_period_start = call_costs.service_period_start
    left join covering_invoices
        on
            invoice_lines.org_id = covering_invoices.org_id
            and invoice_lines.service_period_start = covering_invoices.cycle_start_date
            and invoice_lines.section = 'telco'

),

-- What is folded is rounded once, together.
telco_lines as (

    select
        min(folded.invoice_line_id) as expected_line_id,
        folded.org_id,
        folded.invoice_date,
        folded.product_code,
        folded.charge_type,
        folded.service_period_start,
        folded.service_period_end,
        min(folded.description) as description,
        sum(folded.quantity) as quantity,
        null::decimal(28, 10) as unit_price,
        {{ round_money(
            'sum(folded.unrounded_amount)', 'any_value(currencies.minor_units)'
        ) }} as amount,
        folded.currency,
        false as is_waived
    from folded
    inner join currencies
        on folded.currency = currencies.currency
    where folded.product_code like 'telco\_%' escape '\'
    group by
        folded.org_id,
        folded.invoice_date,
        folded.product_code,
        folded.charge_type,
        folded.service_period_start,
        folded.service_period_end,
        folded.currency

),

other_lines as (

    select
        invoice_line_id as expected_line_id,
        org_id,
        invoice_date,
        product_code,
        charge_type,
        service_period_start,
        service_period_end,
        description,
        quantity,
        unit_price,
        amount,
        currency,
        is_waived
    from folded
    where product_code not like 'telco\_%' escape '\'

),

expected as (

    select * from telco_lines
    union all
    select * from other_lines

),

-- The vendor does not say the type of a number, so numbers match as numbers.
keyed as (

    select
        expected.*,
        expected.charge_type = 'prepay' as is_prepay,
        case
            when products.kind = 'number' then products.base_product_code
            else expected.product_code
        end as match_code
    from expected
    left join {{ ref('int_products__used') }} as products
        on expected.product_code = products.product_code

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
