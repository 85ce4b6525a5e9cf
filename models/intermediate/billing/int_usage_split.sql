with

usage as (

    select * from {{ ref('int_usage_by_cycle') }}

),

-- Who waives what in the ramp (RAMP-01).
waived as (

    select
        *,
        phase = 'ramp' and kind in ('license', 'addon') as is_ramp_license,
        coalesce(
            phase = 'ramp' and (
                (waived_in_ramp_as = 'license' and ramp_license_billing = 'waived')
                or (waived_in_ramp_as = 'resource' and ramp_resource_billing = 'waived')
            ),
            false
        ) as is_waived
    from usage

),

-- Usage takes the allowance first, then the commitment; what is left is overage (INV-02,
-- FU-03). Three readings of it: above the allowance alone, above the commitment of the
-- contract in ramp cycles too (INV-13), and as billed, where the ramp commits nothing
-- (RAMP-03).
split as (

    select
        *,
        greatest(0, least(measured_quantity, included_quantity))::decimal(38, 6)
            as within_allowance_quantity,
        greatest(
            0, least(measured_quantity - included_quantity, committed_quantity)
        )::decimal(38, 6) as within_commitment_quantity,
        {{ round_overage('measured_quantity - included_quantity', 'overage_rounding') }}
            as above_allowance_quantity,
        {{ round_overage(
            "measured_quantity - included_quantity - case phase "
            ~ "when 'ramp' then contract_committed_quantity else committed_quantity end",
            'overage_rounding'
        ) }} as overage_quantity,
        {{ round_overage(
            'measured_quantity - included_quantity - committed_quantity',
            'overage_rounding'
        ) }} as billable_overage_quantity
    from waived

)

-- In the ramp the whole quantity of a license is one usage line at the committed price.
select
    org_id,
    cycle_start_date,
    cycle_end_date,
    product_code,
    usage_area,
    billing_option,
    measured_quantity,
    included_quantity,
    committed_quantity,
    contract_committed_quantity,
    within_allowance_quantity,
    within_commitment_quantity,
    above_allowance_quantity,
    overage_quantity,
    billable_overage_quantity,
    -- Where the ramp waives the rest, it bills the tokens of messages; other tokens take
    -- the allowance first (RAMP-05).
    case
        when is_waived
            then least(
                billable_overage_quantity,
                {{ round_overage('never_waived_quantity', 'overage_rounding') }}
            )
    end as billed_in_ramp_quantity,
    case when is_ramp_license then 'usage' else arrears_charge_type end
        as arrears_charge_type,
    prepay_rate,
    case
        when is_ramp_license and is_waived then coalesce(prepay_rate, overage_rate)
        when is_ramp_license then prepay_rate
        else overage_rate
    end as unit_price,
    is_waived
from split
