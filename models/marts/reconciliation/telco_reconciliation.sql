with

by_service as (

    select * from {{ ref('int_calls__by_service') }}
    where service <> 'byoc'

),

invoiced as (

    select * from {{ ref('int_telco_invoiced__by_service') }}

),

at_midnight as (

    select * from {{ ref('int_calls__cut_at_midnight') }}

),

covering_invoices as (

    select * from {{ ref('int_vendor_invoices__covering') }}

),

cycles as (

    select * from {{ ref('int_cycles__contracted') }}
    where clock = 'voice'

),

currencies as (

    select * from {{ ref('currencies') }}

),

policies as (

    select * from {{ ref('billing_policies') }}

),

both_sides as (

    select
        coalesce(by_service.org_id, invoiced.org_id) as org_id,
        coalesce(by_service.cycle_start_date, invoiced.cycle_start_date)
            as cycle_start_date,
        coalesce(by_service.service, invoiced.service) as service,
        coalesce(by_service.calls_count, 0) as calls_count,
        coalesce(by_service.cdr_minutes, 0)::decimal(38, 6) as cdr_minutes,
        coalesce(by_service.cdr_cost, 0)::decimal(38, 10) as cdr_cost,
        coalesce(by_service.rated_cost, 0)::decimal(38, 4) as rated_cost,
        invoiced.invoiced_us_amount,
        invoiced.invoiced_international_amount,
        invoiced.invoiced_amount
    from by_service
    full outer join invoiced
        on
            by_service.org_id = invoiced.org_id
            and by_service.cycle_start_date = invoiced.cycle_start_date
            and by_service.service = invoiced.service

),

cycles_with_inbound as (

    select
        org_id,
        cycle_start_date
    from both_sides
    where service = 'inbound'

),

-- Toll-free is a row of its own on the invoice, or part of Inbound (TELCO-02).
with_context as (

    select
        both_sides.*,
        coalesce(at_midnight.cdr_cost_at_midnight, 0) as cdr_cost_at_midnight,
        covering_invoices.org_id is not null as has_invoice,
        coalesce(not covering_invoices.has_toll_free_row, false)
        and cycles_with_inbound.org_id is not null
        and both_sides.service = 'toll_free' as is_folded,
        coalesce(not covering_invoices.has_toll_free_row, false)
        and both_sides.service = 'inbound' as takes_toll_free,
        currencies.minor_units,
        policies.reconciliation_tolerance
    from both_sides
    inner join cycles
        on
            both_sides.org_id = cycles.org_id
            and both_sides.cycle_start_date = cycles.cycle_start_date
    inner join currencies
        on cycles.currency = currencies.currency
    inner join policies
        on
            both_sides.cycle_start_date >= policies.valid_from
            and both_sides.cycle_start_date < policies.valid_to
    left join cycles_with_inbound
        on
            both_sides.org_id = cycles_with_inbound.org_id
            and both_sides.cycle_start_date = cycles_with_inbound.cycle_start_date
    left join at_midnight
        on
            both_sides.org_id = at_midnight.org_id
            and both_sides.cycle_start_date = at_midnight.cycle_start_date
            and both_sides.service = at_midnight.service
    left join covering_invoices
        on
            both_sides.org_id = covering_invoices.org_id
            and both_sides.cycle_start_date = covering_invoices.cycle_start_date

),

folded_costs as (

    select
        org_id,
        cycle_start_date,
        cdr_cost,
        cdr_cost_at_midnight
    from with_context
    where is_folded

),

expected as (

    select
        with_context.*,
        with_context.calls_count = 0 and folded_costs.org_id is null as is_without_cdr,
        {{ round_money(
            'with_context.cdr_cost + coalesce(folded_costs.cdr_cost, 0)',
            'with_context.minor_units'
        ) }} as expected_amount,
        {{ round_money(
            'with_context.cdr_cost_at_midnight + coalesce(folded_costs.cdr_cost_at_midnight, 0)',
            'with_context.minor_units'
        ) }} as expected_amount_at_midnight
    from with_context
    left join folded_costs
        on
            with_context.takes_toll_free
            and with_context.org_id = folded_costs.org_id
            and with_context.cycle_start_date = folded_costs.cycle_start_date

),

compared as (

    select
        *,
        case
            when is_folded then 0
            when has_invoice then coalesce(invoiced_amount, 0) - expected_amount
        end as variance_amount
    from expected

)

select
    org_id,
    cycle_start_date,
    service,
    calls_count,
    cdr_minutes,
    cdr_cost,
    rated_cost,
    invoiced_us_amount::decimal(28, 4) as invoiced_us_amount,
    invoiced_international_amount::decimal(28, 4) as invoiced_international_amount,
    invoiced_amount::decimal(28, 4) as invoiced_amount,
    variance_amount::decimal(28, 4) as variance_amount,
    case
        when not has_invoice then 'no_invoice'
        when is_folded then 'folded_into_inbound'
        when is_without_cdr then 'invoice_without_cdr'
        when variance_amount = 0 then 'matched'
        when abs(variance_amount) <= reconciliation_tolerance
            then 'matched_with_rounding'
        when invoiced_amount is null then 'cdr_missing_on_invoice'
        when abs(invoiced_amount - expected_amount_at_midnight) <= reconciliation_tolerance
            then 'boundary_shift'
        else 'amount_differs'
    end as status
from compared
