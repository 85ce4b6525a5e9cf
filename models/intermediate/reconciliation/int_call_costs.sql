with

findings as (

    select
        org_id,
        cycle_start_date,
        service,
        count(*) filter (where finding = 'mispriced') as mispriced_calls,
        sum(amount) filter (where finding = 'mispriced') as mispriced_cost,
        sum(amount) filter (where finding = 'repeated_content') as twin_cost,
        sum(amount) filter (where finding in ('repeated_id', 'delivered_again'))
            as landed_twice_cost
    from {{ ref('int_call_findings') }}
    group by org_id, cycle_start_date, service

),

-- Days from 00:00 and days of the voice cycle, which begin later.
cost_days as (

    select
        calls.org_id,
        calls.service,
        calls.started_at::date as midnight_day,
        (calls.started_at - (cycles.voice_start_at - cycles.cycle_start_at))::date
            as voice_day,
        sum(calls.reported_cost) as day_cost
    from {{ ref('calls') }} as calls
    inner join {{ ref('int_cycles') }} as cycles
        on
            calls.org_id = cycles.org_id
            and calls.cycle_start_date = cycles.cycle_start_date
    group by all

),

-- Neighbouring cuts of a cycle that a vendor may take instead.
other_cuts as (

    select
        cycles.org_id,
        cycles.cycle_start_date,
        {% for cut, day, cut_from, cut_to in [
            (
                'calendar_month', 'voice_day',
                "date_trunc('month', cycles.cycle_start_date)",
                "date_trunc('month', cycles.cycle_start_date) + interval 1 month",
            ),
            (
                'next_month', 'voice_day',
                "date_trunc('month', cycles.cycle_start_date) + interval 1 month",
                "date_trunc('month', cycles.cycle_start_date) + interval 2 month",
            ),
            (
                'month_from_midnight', 'midnight_day',
                "date_trunc('month', cycles.cycle_start_date)",
                "date_trunc('month', cycles.cycle_start_date) + interval 1 month",
            ),
            (
                'next_month_from_midnight', 'midnight_day',
                "date_trunc('month', cycles.cycle_start_date) + interval 1 month",
                "date_trunc('month', cycles.cycle_start_date) + interval 2 month",
            ),
            (
                'last_day_twice', 'voice_day', 'cycles.cycle_start_date',
                'cycles.cycle_end_date + 1',
            ),
            (
                'a_day_early', 'voice_day', 'cycles.cycle_start_date - 1',
                'cycles.cycle_end_date - 1',
            ),
            (
                'a_day_late', 'voice_day', 'cycles.cycle_start_date + 1',
                'cycles.cycle_end_date + 1',
            ),
        ] %}
            sum(cost_days.day_cost) filter (
                where cost_days.{{ day }} >= {{ cut_from }}
                and cost_days.{{ day }} < {{ cut_to }}
            ) as cost_of_{{ cut }},
        {% endfor %}
        cost_days.service
    from {{ ref('int_cycles') }} as cycles
    inner join cost_days
        on
            cycles.org_id = cost_days.org_id
            and cost_days.midnight_day between cycles.cycle_start_date - 31
            and cycles.cycle_end_date + 31
    where cycles.is_closed
    group by cycles.org_id, cycles.cycle_start_date, cost_days.service

)

-- What is wrong with single calls is found in the audit, and only summed here.
select
    calls.org_id,
    calls.cycle_start_date,
    'telco_' || calls.service as product_code,
    calls.cdr_cost as file_cost,
    calls.rated_cost::decimal(38, 10) as rated_cost,
    coalesce(findings.mispriced_calls, 0) as mispriced_calls,
    coalesce(findings.mispriced_cost, 0)::decimal(38, 10) as mispriced_cost,
    coalesce(findings.twin_cost, 0)::decimal(38, 10) as twin_cost,
    coalesce(findings.landed_twice_cost, 0)::decimal(38, 10) as landed_twice_cost,
    calls.international_cost,
    {% for cut in [
        'calendar_month', 'next_month', 'month_from_midnight', 'next_month_from_midnight',
        'last_day_twice', 'a_day_early', 'a_day_late',
    ] %}
        other_cuts.cost_of_{{ cut }}::decimal(38, 10) as cost_of_{{ cut }},
    {% endfor %}
    telco_costs.cost_at_midnight
from {{ ref('int_calls_by_service') }} as calls
inner join {{ ref('int_telco_costs') }} as telco_costs
    on
        calls.org_id = telco_costs.org_id
        and calls.cycle_start_date = telco_costs.cycle_start_date
        and calls.service = telco_costs.service
left join findings
    on
        calls.org_id = findings.org_id
        and calls.cycle_start_date = findings.cycle_start_date
        and calls.service = findings.service
left join other_cuts
    on
        calls.org_id = other_cuts.org_id
        and calls.cycle_start_date = other_cuts.cycle_start_date
        and calls.service = other_cuts.service
