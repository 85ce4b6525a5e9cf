with

cycles as (

    select
        org_id,
        cycle_start_date,
        contract_id
    from {{ ref('int_cycles') }}

),

usage_split as (

    select
        *,
        cycle_start_date as service_period_start,
        cycle_end_date as service_period_end
    from {{ ref('int_usage_split') }}

),

-- The commitment of a cycle: in advance under monthly prepay, the first one on the last
-- ramp invoice (INV-04, RAMP-02); in arrears month to month, whatever is used (INV-01,
-- INV-05).
commitments as (

    select
        * replace (prepay_rate as unit_price, false as is_waived),
        case billing_option
            when 'annual_prepay_monthly' then 'prepay'
            when 'month_to_month' then 'committed'
        end as charge_type,
        case billing_option
            when 'annual_prepay_monthly' then cycle_start_date
            when 'month_to_month' then cycle_end_date
        end as invoice_date,
        committed_quantity as quantity
    from usage_split
    where
        committed_quantity > 0
        and billing_option in ('annual_prepay_monthly', 'month_to_month')

),

-- What is above it, at the end of the cycle (INV-02).
in_arrears as (

    select
        *,
        arrears_charge_type as charge_type,
        cycle_end_date as invoice_date,
        billable_overage_quantity - coalesce(billed_in_ramp_quantity, 0) as quantity
    from usage_split

),

-- Messages that are paid for in tokens are billed in the ramp too (RAMP-05).
message_tokens_in_ramp as (

    select
        * replace (false as is_waived),
        arrears_charge_type as charge_type,
        cycle_end_date as invoice_date,
        billed_in_ramp_quantity as quantity,
        'messages' as detail
    from usage_split
    where billed_in_ramp_quantity > 0

),

by_cycle as (

    select * from commitments
    union all by name
    select * from in_arrears
    union all by name
    select * from message_tokens_in_ramp
    union all by name
    select * from {{ ref('int_charges_telco') }}
    union all by name
    select * from {{ ref('int_charges_numbers') }}

),

by_contract as (

    select
        by_cycle.*,
        cycles.contract_id
    from by_cycle
    inner join cycles
        on
            by_cycle.org_id = cycles.org_id
            and by_cycle.cycle_start_date = cycles.cycle_start_date
    union all by name
    select * from {{ ref('int_charges_orders') }}
    union all by name
    select * from {{ ref('int_charges_by_year') }}

)

select
    org_id,
    contract_id,
    product_code,
    charge_type,
    invoice_date,
    service_period_start,
    service_period_end,
    quantity::decimal(38, 6) as quantity,
    unit_price::decimal(28, 10) as unit_price,
    unrounded_amount::decimal(38, 10) as unrounded_amount,
    coalesce(is_waived, false) as is_waived,
    detail
from by_contract
where quantity <> 0
