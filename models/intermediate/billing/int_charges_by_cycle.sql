with

usage as (

    select * from {{ ref('int_usage_split') }}

),

-- At the start of a cycle of the term, its commitment in advance; the first one stands on
-- the last ramp invoice (INV-04, RAMP-02).
prepaid as (

    select
        *,
        'prepay' as charge_type,
        cycle_start_date as invoice_date,
        committed_quantity as quantity,
        prepay_rate as price,
        false as is_charge_waived
    from usage
    where billing_option = 'annual_prepay_monthly' and committed_quantity > 0

),

-- Month to month: never less than the commitment, in arrears (INV-01, INV-05).
committed as (

    select
        *,
        'committed' as charge_type,
        cycle_end_date as invoice_date,
        committed_quantity as quantity,
        prepay_rate as price,
        false as is_charge_waived
    from usage
    where billing_option = 'month_to_month' and committed_quantity > 0

),

in_arrears as (

    select
        *,
        arrears_charge_type as charge_type,
        cycle_end_date as invoice_date,
        billable_overage_quantity as quantity,
        unit_price as price,
        is_waived as is_charge_waived
    from usage

),

charges as (

    select * from prepaid
    union all
    select * from committed
    union all
    select * from in_arrears

)

select
    org_id,
    cycle_start_date,
    product_code,
    charge_type,
    invoice_date,
    cycle_start_date as service_period_start,
    cycle_end_date as service_period_end,
    quantity,
    price as unit_price,
    is_charge_waived as is_waived
from charges
