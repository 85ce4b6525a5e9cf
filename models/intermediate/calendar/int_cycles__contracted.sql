select
    cycles.org_id,
    cycles.clock,
    cycles.cycle_start_at,
    cycles.cycle_end_at,
    cycles.cycle_start_date,
    cycles.cycle_end_date,
    cycles.phase,
    cycles.is_last_ramp_cycle,
    cycles.usage_through_at,
    cycles.contract_id,
    contracts.license_model,
    contracts.billing_option,
    contracts.currency,
    contracts.peak_rule,
    contracts.ramp_license_billing,
    contracts.ramp_resource_billing,
    contracts.minimum_monthly_amount,
    contracts.messaging_pricing_model
from {{ ref('int_cycles') }} as cycles
inner join {{ ref('int_contracts__in_force') }} as contracts
    on
        cycles.org_id = contracts.org_id
        and cycles.contract_id = contracts.contract_id
