with

contracts as (

    select * from {{ ref('int_contracts__in_force') }}

),

clocks as (

    select * from {{ ref('clocks') }}

),

build as (

    select * from {{ ref('int_build__as_of') }}

),

-- n whole months after the contract's own effective date, never after the previous start:
-- so the 31st comes back after February (CYC-07).
month_starts as (

    select
        contracts.org_id,
        contracts.contract_id,
        contracts.effective_date,
        contracts.in_force_to,
        contracts.ramp_end_date,
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

cycle_dates as (

    select
        org_id,
        contract_id,
        ramp_end_date,
        (effective_date + months_after * interval 1 month)::date as cycle_start_date,
        least(
            (effective_date + (months_after + 1) * interval 1 month)::date,
            in_force_to
        ) as cycle_end_date,
        in_force_to
    from month_starts

),

-- Each boundary is at the hour that is valid on its day, for the cycle that ends there and
-- the one that begins: so a clock that is set anew leaves no gap.
cycles as (

    select
        cycle_dates.org_id,
        cycle_dates.contract_id,
        start_clocks.clock,
        row_number() over (
            partition by cycle_dates.org_id, start_clocks.clock
            order by cycle_dates.cycle_start_date
        ) as cycle_number,
        cycle_dates.cycle_start_date + start_clocks.cycle_starts_at as cycle_start_at,
        cycle_dates.cycle_end_date + end_clocks.cycle_starts_at as cycle_end_at,
        cycle_dates.cycle_start_date,
        cycle_dates.cycle_end_date,
        case
            when cycle_dates.cycle_start_date < cycle_dates.ramp_end_date then 'ramp'
            else 'term'
        end as phase,
        coalesce(
            cycle_dates.cycle_start_date < cycle_dates.ramp_end_date
            and cycle_dates.cycle_end_date >= cycle_dates.ramp_end_date,
            false
        ) as is_last_ramp_cycle,
        build.as_of_at >= cycle_end_at as is_closed,
        least(cycle_end_at, build.as_of_at) as usage_through_at
    from cycle_dates
    inner join clocks as start_clocks
        on
            cycle_dates.cycle_start_date >= start_clocks.valid_from
            and cycle_dates.cycle_start_date < start_clocks.valid_to
    inner join clocks as end_clocks
        on
            start_clocks.clock = end_clocks.clock
            and cycle_dates.cycle_end_date >= end_clocks.valid_from
            and cycle_dates.cycle_end_date < end_clocks.valid_to
    cross join build
    where
        cycle_dates.cycle_start_date < cycle_dates.in_force_to
        and cycle_dates.cycle_start_date + start_clocks.cycle_starts_at < build.as_of_at

)

select * from cycles
