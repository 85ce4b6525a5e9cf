with

contracts as (

    select * from {{ ref('int_contracts') }}

),

build as (

    select * from {{ ref('int_as_of') }}

),

-- The term starts on the first boundary of the contract's cycles that is not before the end
-- of the ramp: a ramp that ends within a cycle has the whole of it (RAMP-04).
terms as (

    select
        *,
        datediff('month', effective_date, term_start_date) as months_to_ramp_end,
        months_to_ramp_end
        + case
            when
                effective_date + months_to_ramp_end * interval 1 month < term_start_date
                then 1
            else 0
        end as months_in_ramp
    from contracts

),

-- Years have twelve cycles, counted from the effective date as all cycles are: so the 29th
-- to the 31st come back, and a year starts and ends with a cycle (CYC-07).
months as (

    select
        terms.*,
        build.as_of_date,
        unnest(
            generate_series(
                0,
                11 + 12 * greatest(
                    0, datediff('year', terms.term_start_date, build.as_of_date)
                )
            )
        ) as months_in_term,
        terms.months_in_ramp + months_in_term as months_before
    from terms
    cross join build

),

-- A shorter last year has the cycles that it begins. With the term ends the cycle, unless
-- the contract goes on (CYC-08). A successor is not foreseen: what it cuts is given back.
term_cycles as (

    select
        org_id,
        contract_id,
        next_effective_date,
        as_of_date,
        1 + months_in_term // 12 as year_number,
        (effective_date + months_before * interval 1 month)::date as cycle_start_date,
        least(
            (effective_date + (months_before + 1) * interval 1 month)::date,
            case
                when after_term = 'month_to_month' then '9999-12-31'::date
                else coalesce(term_end_date, '9999-12-31'::date)
            end
        ) as cycle_end_date
    from months
    where
        effective_date + months_before * interval 1 month
        < coalesce(term_end_date, '9999-12-31'::date)

),

by_year as (

    select
        *,
        min(cycle_start_date) over this_year as year_start_date,
        max(cycle_end_date) over this_year as year_end_date,
        row_number() over (
            partition by org_id, contract_id, year_number order by cycle_start_date desc
        ) as cycles_left
    from term_cycles
    window this_year as (partition by org_id, contract_id, year_number)

)

-- The first year is known with the contract, the others once they have begun under it.
select
    org_id,
    contract_id,
    year_number,
    year_start_date,
    year_end_date,
    cycle_start_date,
    cycles_left
from by_year
where
    year_number = 1
    or (
        year_start_date < as_of_date
        and year_start_date < coalesce(next_effective_date, '9999-12-31'::date)
    )
