with

services as (

    select * from {{ ref('int_telco_rows') }}

),

cycles as (

    select * from {{ ref('int_cycles') }}

),

currencies as (

    select * from {{ ref('currencies') }}

),

costs as (

    select
        org_id,
        cycle_start_date,
        invoice_service,
        sum(calls_count) as calls_count,
        sum(cdr_cost) as cdr_cost,
        sum(cdr_cost_at_midnight) as cost_at_midnight,
        sum(cdr_cost + earlier_cost) as cost_of_each_record,
        sum(cdr_cost - current_cost + earlier_cost) as cost_of_earlier_records
    from services
    group by org_id, cycle_start_date, invoice_service

)

-- What an invoice row holds is rounded once, together; beside it, what it would be if the
-- vendor had counted otherwise (TELCO-07).
select
    costs.org_id,
    costs.cycle_start_date,
    costs.invoice_service,
    costs.calls_count,
    {{ round_money('costs.cdr_cost', 'currencies.minor_units') }} as expected_amount,
    {{ round_money('costs.cost_at_midnight', 'currencies.minor_units') }}
        as amount_at_midnight,
    {{ round_money('costs.cost_of_each_record', 'currencies.minor_units') }}
        as amount_of_each_record,
    {{ round_money('costs.cost_of_earlier_records', 'currencies.minor_units') }}
        as amount_of_earlier_records
from costs
inner join cycles
    on
        costs.org_id = cycles.org_id
        and costs.cycle_start_date = cycles.cycle_start_date
inner join currencies
    on cycles.currency = currencies.currency
