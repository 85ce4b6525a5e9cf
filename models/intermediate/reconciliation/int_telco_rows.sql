with

costs as (

    select * from {{ ref('int_telco_costs') }}

),

cycles as (

    select * from {{ ref('int_cycles') }}

),

voice_cycles as (

    select * from {{ ref('int_voice_cycles_invoiced') }}

),

-- A vendor line belongs to the cycle its service period begins in. Some invoices split a
-- service in U.S. and International (TELCO-02).
invoiced as (

    select
        vendor_lines.org_id,
        cycles.cycle_start_date,
        replace(vendor_lines.product_code, 'telco_', '') as service,
        sum(vendor_lines.amount) filter (where vendor_lines.breakout = 'us')
            as invoiced_us_amount,
        sum(vendor_lines.amount) filter (where vendor_lines.breakout = 'international')
            as invoiced_international_amount,
        sum(vendor_lines.amount) as invoiced_amount,
        bool_or(vendor_lines.currency <> cycles.currency) as is_other_currency
    from {{ ref('int_vendor_lines') }} as vendor_lines
    inner join cycles
        on
            vendor_lines.org_id = cycles.org_id
            and vendor_lines.service_period_start >= cycles.cycle_start_date
            and vendor_lines.service_period_start < cycles.cycle_end_date
    where vendor_lines.kind = 'call'
    group by vendor_lines.org_id, cycles.cycle_start_date, vendor_lines.product_code

),

both_sides as (

    select
        coalesce(costs.org_id, invoiced.org_id) as org_id,
        coalesce(costs.cycle_start_date, invoiced.cycle_start_date) as cycle_start_date,
        coalesce(costs.service, invoiced.service) as service,
        coalesce(costs.calls_count, 0) as calls_count,
        coalesce(costs.cdr_minutes, 0) as cdr_minutes,
        coalesce(costs.cdr_cost, 0) as cdr_cost,
        coalesce(costs.rated_cost, 0) as rated_cost,
        coalesce(costs.cost_at_midnight, 0) as cost_at_midnight,
        coalesce(costs.current_cost, 0) as current_cost,
        coalesce(costs.earlier_cost, 0) as earlier_cost,
        invoiced.invoiced_us_amount,
        invoiced.invoiced_international_amount,
        invoiced.invoiced_amount,
        coalesce(invoiced.is_other_currency, false) as is_other_currency
    from costs
    full outer join invoiced
        on
            costs.org_id = invoiced.org_id
            and costs.cycle_start_date = invoiced.cycle_start_date
            and costs.service = invoiced.service
    where costs.calls_count > 0 or invoiced.service is not null

),

-- The row of the invoice that the calls of a service are expected on.
placed as (

    select
        both_sides.*,
        cycles.cycle_end_date as invoice_date,
        cycles.minor_units,
        cycles.reconciliation_tolerance,
        voice_cycles.org_id is not null as has_invoice,
        coalesce(
            both_sides.service = 'toll_free' and voice_cycles.is_toll_free_folded, false
        ) as is_folded
    from both_sides
    inner join cycles
        on
            both_sides.org_id = cycles.org_id
            and both_sides.cycle_start_date = cycles.cycle_start_date
    left join voice_cycles
        on
            both_sides.org_id = voice_cycles.org_id
            and both_sides.cycle_start_date = voice_cycles.cycle_start_date

),

-- What the calls on one row cost is rounded once, as one sum; beside it what it would be
-- if the vendor had counted otherwise (TELCO-07).
{% set amounts = {
    'expected_amount': 'cdr_cost',
    'amount_at_midnight': 'cost_at_midnight',
    'amount_of_each_record': 'cdr_cost + earlier_cost',
    'amount_of_earlier_records': 'cdr_cost - current_cost + earlier_cost',
} %}
expected as (

    select
        *,
        {% for amount, cost in amounts.items() %}
            case
                when not is_folded then
                    {{ round_money('sum(' ~ cost ~ ') over invoice_row', 'minor_units') }}
            end as {{ amount }},
        {% endfor %}
        case when is_folded then 0 else sum(calls_count) over invoice_row end
            as expected_calls_count
    from placed
    window
        invoice_row as (
            partition by
                org_id,
                cycle_start_date,
                case when is_folded then 'inbound' else service end
        )

)

select
    org_id,
    cycle_start_date,
    service,
    calls_count,
    cdr_minutes,
    cdr_cost,
    rated_cost,
    invoiced_us_amount,
    invoiced_international_amount,
    invoiced_amount,
    is_other_currency,
    has_invoice,
    is_folded,
    expected_calls_count,
    expected_amount,
    amount_at_midnight,
    amount_of_each_record,
    amount_of_earlier_records,
    invoice_date,
    reconciliation_tolerance
from expected
