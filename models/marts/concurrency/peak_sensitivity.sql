{# Minutes less and more than the rule says. #}
{% set spread = 5 %}

with

pools as (

    {{ concurrency_pools() }}

),

steps as (

    select steps.*
    from {{ ref('int_concurrency_steps') }} as steps
    semi join pools
        on
            steps.pool = pools.pool
            and (pools.org_id is null or steps.org_id = pools.org_id)

),

cycles as (

    select * from {{ ref('int_cycles') }}

),

lengths as (

    select
        org_id,
        cycle_start_date,
        unnest(
            generate_series(
                greatest(peak_minimum_minutes - {{ spread }}, 1),
                peak_minimum_minutes + {{ spread }}
            )
        )::integer as minimum_minutes
    from cycles

),

longest as (

    select
        org_id,
        cycle_start_date,
        max(minimum_minutes) as minimum_minutes
    from lengths
    group by org_id, cycle_start_date

),

-- The fewest users of all the lengths: no step below that number matters but the one that
-- ends a stretch.
fewest as (

    {{ sustained_users('steps', 'longest') }}

),

steps_near_peak as (

    select steps.*
    from steps
    inner join fewest
        on
            steps.org_id = fewest.org_id
            and steps.cycle_start_date = fewest.cycle_start_date
            and steps.pool = fewest.pool
    qualify
        greatest(
            steps.users_count,
            lag(steps.users_count) over (
                partition by steps.org_id, steps.cycle_start_date, steps.pool
                order by steps.started_at
            )
        ) >= fewest.sustained_users

),

sustained as (

    {{ sustained_users('steps_near_peak', 'lengths') }}

),

accumulated as (

    {{ accumulated_users('steps', 'lengths') }}

),

readings as (

    unpivot (
        select
            sustained.org_id,
            sustained.cycle_start_date,
            sustained.pool,
            sustained.minimum_minutes,
            sustained.sustained_users as sustained,
            accumulated.accumulated_users as accumulated,
            accumulated.accumulated_exact_users as accumulated_exact
        from sustained
        inner join accumulated
            on
                sustained.org_id = accumulated.org_id
                and sustained.cycle_start_date = accumulated.cycle_start_date
                and sustained.pool = accumulated.pool
                and sustained.minimum_minutes = accumulated.minimum_minutes
    )
    on sustained, accumulated, accumulated_exact
    into name reading value users_count

)

select
    readings.org_id,
    readings.cycle_start_date,
    readings.pool,
    readings.reading,
    readings.minimum_minutes,
    readings.users_count,
    readings.reading = cycles.peak_rule as is_contract_rule,
    readings.minimum_minutes = cycles.peak_minimum_minutes as is_contract_minutes
from readings
inner join cycles
    on
        readings.org_id = cycles.org_id
        and readings.cycle_start_date = cycles.cycle_start_date
