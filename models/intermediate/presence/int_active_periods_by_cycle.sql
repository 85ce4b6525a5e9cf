with

cycles as (

    select * from {{ ref('int_cycles') }}

),

periods as (

    select * from {{ ref('int_active_periods') }}

),

-- Equal on the organization, overlap of the two half-open intervals, by what counts for
-- cycles of that start.
clipped as (

    select
        periods.org_id,
        cycles.cycle_start_date,
        periods.feed,
        periods.user_id,
        greatest(periods.started_at, cycles.cycle_start_at) as started_at,
        least(periods.ended_at, cycles.cycle_end_at) as ended_at
    from periods
    inner join cycles
        on
            periods.org_id = cycles.org_id
            and periods.started_at < cycles.cycle_end_at
            and periods.ended_at > cycles.cycle_start_at
            and periods.applies_from <= cycles.cycle_start_date
            and periods.applies_to > cycles.cycle_start_date

)

select * from clipped
