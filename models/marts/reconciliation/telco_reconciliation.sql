with

-- The costs of calls that are part of another row are expected there, not here.
compared as (

    select
        *,
        case
            when has_invoice
                then coalesce(invoiced_amount, 0) - coalesce(expected_amount, 0)
        end as variance_amount
    from {{ ref('int_telco_rows') }}

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
        when expected_calls_count = 0 then 'invoice_without_cdr'
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
