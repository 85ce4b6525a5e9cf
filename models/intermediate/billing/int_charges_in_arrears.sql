with

usage as (

    select * from {{ ref('int_usage_split') }}

),

-- In the ramp the whole actual quantity of a license is one usage line at the committed
-- price; in the term, and for everything else, what is above allowance and commitment.
charged as (

    select
        *,
        phase = 'ramp' and kind in ('license', 'addon') as is_ramp_license,
        phase = 'ramp' and (
            (waived_in_ramp_as = 'license' and ramp_license_billing = 'waived')
            or (waived_in_ramp_as = 'resource' and ramp_resource_billing = 'waived')
        ) as is_waived
    from usage

)

select
    org_id,
    cycle_start_date,
    product_code,
    case
        when is_ramp_license then 'usage' else arrears_charge_type
    end as charge_type,
    cycle_end_date as invoice_date,
    cycle_start_date as service_period_start,
    cycle_end_date as service_period_end,
    {{ round_overage(
        'measured_quantity - included_quantity - committed_quantity', 'overage_rounding'
    ) }} as quantity,
    case
        when is_ramp_license and is_waived then coalesce(prepay_rate, overage_rate)
        when is_ramp_license then prepay_rate
        else overage_rate
    end as unit_price,
    coalesce(is_waived, false) as is_waived
from charged
