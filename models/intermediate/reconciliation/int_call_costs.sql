with

-- A call under another id, of the same second, numbers and length, is its twin.
calls as (

    select
        calls.*,
        row_number() over (
            partition by
                calls.org_id,
                calls.service,
                calls.started_at,
                calls.duration_seconds,
                records.origin,
                records.destination
            order by calls.call_id
        ) > 1 as is_twin
    from {{ ref('calls') }} as calls
    inner join {{ ref('stg_voice_usage') }} as records
        on
            calls.org_id = records.org_id
            and calls.call_id = records.file_id || '/' || records.source_row

),

landed_twice as (

    select
        calls.org_id,
        calls.cycle_start_date,
        calls.service,
        sum(records.reported_cost) as landed_cost
    from {{ ref('stg_voice_usage') }} as records
    inner join calls
        on
            records.org_id = calls.org_id
            and records.sip_call_id = calls.sip_call_id
            and records.direction = calls.direction
            and records.started_at = calls.started_at
    where records.row_status = 'duplicate'
    group by calls.org_id, calls.cycle_start_date, calls.service

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
    from calls
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

),

summed as (

    select
        org_id,
        cycle_start_date,
        service,
        sum(reported_cost) as file_cost,
        sum(rated_cost) as rated_cost,
        -- What is rated has four places; what the file has beyond them is no other price.
        count(*) filter (where abs(reported_cost - rated_cost) >= 0.0001)
            as mispriced_calls,
        sum(reported_cost - rated_cost) filter (
            where abs(reported_cost - rated_cost) >= 0.0001
        ) as mispriced_cost,
        sum(reported_cost) filter (where is_twin) as twin_cost,
        sum(reported_cost) filter (where is_international) as international_cost
    from calls
    group by org_id, cycle_start_date, service

)

select
    summed.org_id,
    summed.cycle_start_date,
    'telco_' || summed.service as product_code,
    summed.file_cost::decimal(38, 10) as file_cost,
    summed.rated_cost::decimal(38, 10) as rated_cost,
    summed.mispriced_calls,
    coalesce(summed.mispriced_cost, 0)::decimal(38, 10) as mispriced_cost,
    coalesce(summed.twin_cost, 0)::decimal(38, 10) as twin_cost,
    coalesce(landed_twice.landed_cost, 0)::decimal(38, 10) as landed_twice_cost,
    coalesce(summed.international_cost, 0)::decimal(38, 10) as international_cost,
    {% for cut in [
        'calendar_month', 'next_month', 'month_from_midnight', 'next_month_from_midnight',
        'last_day_twice', 'a_day_early', 'a_day_late',
    ] %}
        other_cuts.cost_of_{{ cut }}::decimal(38, 10) as cost_of_{{ cut }},
    {% endfor %}
    telco_costs.cost_at_midnight
from summed
inner join {{ ref('int_telco_costs') }} as telco_costs
    on
        summed.org_id = telco_costs.org_id
        and summed.cycle_start_date = telco_costs.cycle_start_date
        and summed.service = telco_costs.service
left join landed_twice
    on
        summed.org_id = landed_twice.org_id
        and summed.cycle_start_date = landed_twice.cycle_start_date
        and summed.service = landed_twice.service
left join other_cuts
    on
        summed.org_id = other_cuts.org_id
        and summed.cycle_start_date = other_cuts.cycle_start_date
        and summed.service = other_cuts.service
