with

invoice_lines as (

    select
        *,
        product_code like 'telco\_%' escape '\' as is_call
    from {{ ref('invoice_lines') }}
    where invoice_status = 'final'

),

voice_cycles as (

    select * from {{ ref('int_voice_cycles_invoiced') }}

),

currencies as (

    select * from {{ ref('currencies') }}

),

products as (

    {{ products_by_organization('invoice_lines') }}

),

-- What the calls of a line cost before rounding, and their international part.
call_costs as (

    select
        org_id,
        cycle_start_date as service_period_start,
        'telco_' || service as product_code,
        cdr_cost,
        international_minutes,
        international_cost
    from {{ ref('int_calls_by_service') }}

),

-- Toll-free calls are part of Inbound where the vendor's invoice has them there.
calls as (

    select
        invoice_lines.* exclude (product_code),
        case
            when
                invoice_lines.product_code = 'telco_toll_free'
                and voice_cycles.is_toll_free_folded
                then 'telco_inbound'
            else invoice_lines.product_code
        end as product_code,
        call_costs.cdr_cost,
        call_costs.international_minutes,
        call_costs.international_cost
    from invoice_lines
    left join call_costs
        on
            invoice_lines.org_id = call_costs.org_id
            and invoice_lines.product_code = call_costs.product_code
            and invoice_lines.service_period_start = call_costs.service_period_start
    left join voice_cycles
        on
            invoice_lines.org_id = voice_cycles.org_id
            and invoice_lines.service_period_start = voice_cycles.cycle_start_date
    where invoice_lines.is_call

),

-- The costs on one row of the invoice are rounded once, as one sum.
call_lines as (

    select
        min(calls.invoice_line_id) as expected_line_id,
        calls.org_id,
        calls.invoice_date,
        calls.product_code,
        calls.charge_type,
        calls.service_period_start,
        calls.service_period_end,
        min(calls.description) as description,
        sum(calls.quantity) as quantity,
        {{ round_money('sum(calls.cdr_cost)', 'any_value(currencies.minor_units)') }}
            as amount,
        sum(calls.international_minutes) as international_quantity,
        {{ round_money(
            'sum(calls.international_cost)', 'any_value(currencies.minor_units)'
        ) }} as international_amount,
        calls.currency,
        false as is_waived
    from calls
    inner join currencies
        on calls.currency = currencies.currency
    group by
        calls.org_id,
        calls.invoice_date,
        calls.product_code,
        calls.charge_type,
        calls.service_period_start,
        calls.service_period_end,
        calls.currency

),

-- The unit price of calls is only their average, so it is not compared.
expected_lines as (

    select * from call_lines
    union all by name
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
    from invoice_lines
    where not is_call

)

select
    expected_lines.*,
    expected_lines.charge_type = 'prepay' as is_prepay,
    coalesce(products.match_code, expected_lines.product_code) as match_code
from expected_lines
left join products
    on
        expected_lines.org_id = products.org_id
        and expected_lines.product_code = products.product_code
