with

contracts as (

    select * from {{ ref('int_contracts') }}

),

clocks as (

    select * from {{ ref('clocks') }}

),

policies as (

    select * from {{ ref('billing_policies') }}

),

build as (

    select * from {{ ref('int_as_of') }}

),

-- n whole months after the contract's own effective date, never after the previous start:
-- so the 31st comes back after February (CYC-07).
month_starts as (

    select
        contracts.*,
        build.as_of_date,
        build.as_of_at,
        unnest(
            generate_series(
                0,
                datediff(
                    'month',
                    contracts.effective_date,
                    least(contracts.in_force_to, build.as_of_date)
                )
            )
        ) as months_after
    from contracts
    cross join build

),

-- Of a cycle that starts at as-of nothing is seen yet.
cycle_dates as (

    select
        *,
        (effective_date + months_after * interval 1 month)::date as cycle_start_date,
        (effective_date + (months_after + 1) * interval 1 month)::date as month_end_date,
        least(month_end_date, in_force_to) as cycle_end_date,
        -- The term holds to the end of the cycle in which it ends (CYC-08).
        coalesce(cycle_start_date >= term_end_date, false) as is_after_term,
        coalesce(cycle_start_date < ramp_end_date, false)
        and not is_after_term as is_in_ramp
    from month_starts
    where cycle_start_date < least(in_force_to, as_of_date)

),

-- A boundary is at the hour that its clock has on its day, for the cycle that ends there
-- and the one that begins: a clock that is set anew leaves no gap (CYC-03, CYC-04, X3).
{% set boundaries = {
    'cycle_start_at': ('core', 'cycle_start_date'),
    'cycle_end_at': ('core', 'cycle_end_date'),
    'voice_start_at': ('voice', 'cycle_start_date'),
    'voice_end_at': ('voice', 'cycle_end_date'),
} %}
boundaries as (

    select
        {% for boundary, (clock, day) in boundaries.items() %}
            cycle_dates.{{ day }} + {{ boundary }}_clocks.cycle_starts_at as {{ boundary }},
        {% endfor %}
        cycle_dates.*
    from cycle_dates
    {% for boundary, (clock, day) in boundaries.items() %}
        inner join clocks as {{ boundary }}_clocks
            on
                {{ boundary }}_clocks.clock = '{{ clock }}'
                and cycle_dates.{{ day }} >= {{ boundary }}_clocks.valid_from
                and cycle_dates.{{ day }} < {{ boundary }}_clocks.valid_to
    {% endfor %}

)

-- The terms of the contract and the policies valid at the start hold for the whole cycle.
select
    boundaries.org_id,
    boundaries.contract_id,
    row_number() over in_order as cycle_number,
    boundaries.cycle_start_date,
    boundaries.cycle_end_date,
    boundaries.cycle_start_at,
    boundaries.cycle_end_at,
    least(boundaries.cycle_end_at, boundaries.as_of_at) as usage_through_at,
    least(boundaries.cycle_end_date, boundaries.as_of_date) as usage_through_date,
    boundaries.as_of_at >= boundaries.cycle_end_at as is_closed,
    boundaries.voice_start_at,
    boundaries.voice_end_at,
    least(boundaries.voice_end_at, boundaries.as_of_at) as voice_usage_through_at,
    boundaries.as_of_at >= boundaries.voice_end_at as is_voice_closed,
    boundaries.month_end_date - boundaries.cycle_start_date as days_in_month,
    -- What is bought while no contract is in force is set up with the next one (NUM-02).
    lag(boundaries.cycle_end_date, 1, boundaries.cycle_start_date) over in_order
        as set_up_from,
    boundaries.is_after_term,
    case when boundaries.is_in_ramp then 'ramp' else 'term' end as phase,
    boundaries.is_in_ramp and boundaries.cycle_end_date >= boundaries.ramp_end_date
        as is_last_ramp_cycle,
    boundaries.license_model,
    case
        when boundaries.is_after_term then 'month_to_month'
        else boundaries.billing_option
    end as billing_option,
    boundaries.prepay_raise,
    boundaries.currency,
    currencies.minor_units,
    boundaries.peak_rule,
    boundaries.hourly_switch,
    boundaries.ramp_license_billing,
    boundaries.ramp_resource_billing,
    case when not boundaries.is_after_term then boundaries.minimum_monthly_amount end
        as minimum_monthly_amount,
    boundaries.messaging_pricing_model,
    policies.peak_minimum_minutes,
    policies.storage_month_value,
    policies.overage_rounding,
    policies.call_increment_seconds,
    policies.call_rounding,
    policies.short_call_maximum_seconds,
    policies.telco_reconcile_rows,
    policies.reconciliation_tolerance
from boundaries
inner join policies
    on
        boundaries.cycle_start_date >= policies.valid_from
        and boundaries.cycle_start_date < policies.valid_to
left join {{ ref('currencies') }} as currencies
    on boundaries.currency = currencies.currency
window in_order as (partition by boundaries.org_id order by boundaries.cycle_start_date)
