-- A telco line = the vendor's costs of its calls, summed and rounded once (TELCO-02,
-- VOICE-05).
{{ config(group='billing') }}
with

call_costs as (

    select
        calls.org_id,
        calls.cycle_start_date,
        'telco_' || calls.service as product_code,
        {{ round_money('sum(calls.reported_cost)', 'any_value(currencies.minor_units)') }}
            as amount
    from {{ ref('calls') }} as calls
    inner join {{ ref('currencies') }} as currencies
        on calls.currency = currencies.currency
    where calls.service <> 'byoc'
    group by calls.org_id, calls.cycle_start_date, calls.service
    -- No minutes, no line: a cost of zero-second calls shows in telco_reconciliation alone.
    having sum(calls.rated_seconds) > 0

),

telco_lines as (

    select
        invoice_lines.org_id,
        invoice_lines.service_period_start as cycle_start_date,
        invoice_lines.product_code,
        sum(invoice_lines.amount) as amount
    from {{ ref('int_invoice_lines') }} as invoice_lines
    inner join {{ ref('products') }} as products
        on invoice_lines.product_code = products.product_code
    where products.kind = 'call'
    group by
        invoice_lines.org_id,
        invoice_lines.service_period_start,
        invoice_lines.product_code

)

select
    coalesce(call_costs.org_id, telco_lines.org_id) as org_id,
    coalesce(call_costs.cycle_start_date, telco_lines.cycle_start_date)
        as cycle_start_date,
    coalesce(call_costs.product_code, telco_lines.product_code) as product_code,
    call_costs.amount as call_costs_amount,
    telco_lines.amount as line_amount
from call_costs
full outer join telco_lines
    on
        call_costs.org_id = telco_lines.org_id
        and call_costs.cycle_start_date = telco_lines.cycle_start_date
        and call_costs.product_code = telco_lines.product_code
where coalesce(call_costs.amount, 0) <> coalesce(telco_lines.amount, 0)
