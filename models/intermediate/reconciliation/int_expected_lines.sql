with

invoice_lines as (

    select * from {{ ref('invoice_lines') }}
    where invoice_status = 'final'

),

covering_invoices as (

    select * from {{ ref('int_voice_cycles_invoiced') }}

),

currencies as (

    select * from {{ ref('currencies') }}

),

products as (

    select * from {{ ref('int_products') }}

),

call_costs as (

    select * from {{ ref('int_charges_telco') }}

),

-- Against a vendor invoice that has no row for them, toll-free calls are part of Inbound.
named as (

    select
        invoice_lines.invoice_line_id,
        invoice_lines.org_id,
        invoice_lines.invoice_date,
        case
            when
                invoice_lines.product_code = 'telco_toll_free'
                and covering_invoices.is_toll_free_folded
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
        min(named.invoice_line_id) as expected_line_id,
        named.org_id,
        named.invoice_date,
        named.product_code,
        named.charge_type,
        named.service_period_start,
        named.service_period_end,
        min(named.description) as description,
        sum(named.quantity) as quantity,
        null::decimal(28, 10) as unit_price,
        {{ round_money(
            'sum(named.unrounded_amount)', 'any_value(currencies.minor_units)'
        ) }} as amount,
        named.currency,
        false as is_waived
    from named
    inner join currencies
        on named.currency = currencies.currency
    where named.product_code like 'telco\_%' escape '\'
    group by
        named.org_id,
        named.invoice_date,
        named.product_code,
        named.charge_type,
        named.service_period_start,
        named.service_period_end,
        named.currency

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
    from named
    where product_code not like 'telco\_%' escape '\'

),

expected_lines as (

    select * from telco_lines
    union all
    select * from other_lines

)

-- The vendor does not say the type of a number, so numbers match as numbers.
select
    expected_lines.*,
    expected_lines.charge_type = 'prepay' as is_prepay,
    case
        when products.kind = 'number' then products.base_product_code
        else expected_lines.product_code
    end as match_code
from expected_lines
left join products
    on expected_lines.product_code = products.product_code
