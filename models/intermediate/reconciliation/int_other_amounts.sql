-- What the calls of a group would cost otherwise: a calling service may be folded into
-- another.
{% set cuts = [
    'calendar_month', 'next_month', 'last_day_twice', 'a_day_early', 'a_day_late',
] %}
with

answered as (

    select distinct
        org_id,
        invoice_number,
        group_product,
        product_code,
        service_period_start
    from {{ ref('int_answered_lines') }}
    where kind = 'call'

),

cycles as (

    select * from {{ ref('int_cycles') }}

),

reach as (

    select
        org_id,
        max(covered_to) as covered_to
    from {{ ref('int_coverage') }}
    where dataset = 'voice_usage'
    group by org_id

),

gaps as (

    select
        org_id,
        gap_from,
        gap_to
    from {{ ref('int_coverage_gaps') }}
    where dataset = 'voice_usage'

),

costs as (

    select
        answered.org_id,
        answered.invoice_number,
        answered.group_product,
        any_value(cycles.minor_units) as minor_units,
        sum(call_costs.file_cost) as file_cost,
        sum(call_costs.mispriced_cost) as mispriced_cost,
        sum(call_costs.mispriced_calls) as mispriced_calls,
        sum(call_costs.cost_at_midnight) as cost_at_midnight,
        sum(call_costs.landed_twice_cost) as landed_twice_cost,
        sum(call_costs.twin_cost) as twin_cost,
        sum(call_costs.international_cost) as international_cost,
        {% for cut in cuts %}
            sum(call_costs.cost_of_{{ cut }}) as cost_of_{{ cut }},
        {% endfor %}
        bool_or(
            reach.covered_to < cycles.voice_end_at
            or exists (
                select 1
                from gaps
                where
                    gaps.org_id = cycles.org_id
                    and gaps.gap_from < cycles.voice_end_at
                    and gaps.gap_to > cycles.voice_start_at
            )
        ) as is_missing_calls
    from answered
    inner join {{ ref('int_call_costs') }} as call_costs
        on
            answered.org_id = call_costs.org_id
            and answered.product_code = call_costs.product_code
            and answered.service_period_start = call_costs.cycle_start_date
    inner join cycles
        on
            answered.org_id = cycles.org_id
            and answered.service_period_start = cycles.cycle_start_date
    left join reach
        on answered.org_id = reach.org_id
    group by answered.org_id, answered.invoice_number, answered.group_product

)

select
    org_id,
    invoice_number,
    group_product,
    minor_units,
    mispriced_calls,
    is_missing_calls,
    {{ round_money('mispriced_cost', 'minor_units') }} as mispriced_amount,
    {{ round_money('file_cost - mispriced_cost', 'minor_units') }} as rated_amount,
    {{ round_money('file_cost', 'minor_units') }} as file_amount,
    {{ round_money('international_cost', 'minor_units') }} as international_amount,
    {{ round_money('cost_at_midnight', 'minor_units') }} as amount_at_midnight,
    {% for cut in cuts %}
        {{ round_money('cost_of_' ~ cut, 'minor_units') }} as amount_of_{{ cut }},
    {% endfor %}
    {{ round_money('file_cost + landed_twice_cost', 'minor_units') }}
        as amount_landed_twice,
    {{ round_money('file_cost - twin_cost', 'minor_units') }} as amount_without_twins
from costs
