with

services as (

    select * from {{ ref('int_telco_rows') }}

),

expected as (

    select * from {{ ref('int_telco_costs') }}

),

cycles as (

    select * from {{ ref('int_cycles') }}

),

-- A row whose calls are part of another one is expected to be nothing.
compared as (

    select
        services.*,
        services.service <> services.invoice_service as is_folded,
        coalesce(expected.calls_count, 0) = 0 as is_without_cdr,
        case
            when services.has_invoice
                then
                    coalesce(services.invoiced_amount, 0)
                    - coalesce(expected.expected_amount, 0)
        end as variance_amount,
        expected.amount_at_midnight,
        expected.amount_of_each_record,
        expected.amount_of_earlier_records,
        cycles.cycle_end_date as invoice_date,
        cycles.reconciliation_tolerance
    from services
    inner join cycles
        on
            services.org_id = cycles.org_id
            and services.cycle_start_date = cycles.cycle_start_date
    left join expected
        on
            services.org_id = expected.org_id
            and services.cycle_start_date = expected.cycle_start_date
            and services.service = expected.invoice_service

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
        when is_folded and invoiced_amount is null then 'folded_into_inbound'
        when is_without_cdr then 'invoice_without_cdr'
        when is_other_currency then 'currency_mismatch'
        when variance_amount = 0 then 'matched'
        when abs(variance_amount) <= reconciliation_tolerance
            then 'matched_with_rounding'
        when invoiced_amount is null then 'cdr_missing_on_invoice'
        when abs(invoiced_amount - amount_at_midnight) <= reconciliation_tolerance
            then 'boundary_shift'
        when
            abs(invoiced_amount - amount_of_each_record) <= reconciliation_tolerance
            or abs(invoiced_amount - amount_of_earlier_records)
            <= reconciliation_tolerance
            then 'duplicate_cdr'
        else 'amount_differs'
    end as status,
    invoice_date
from compared
