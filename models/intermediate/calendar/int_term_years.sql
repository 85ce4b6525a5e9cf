with

contracts as (

    select * from {{ ref('int_contracts') }}

),

build as (

    select * from {{ ref('int_as_of') }}

),

-- Year n of the term starts 12 (n - 1) months after its first day, counted from that day:
-- so the 29th of February comes back (CYC-07).
years as (

    select
        contracts.org_id,
        contracts.contract_id,
        contracts.term_start_date,
        contracts.term_end_date,
        contracts.in_force_to,
        unnest(
            generate_series(
                1,
                1 + greatest(
                    0,
                    datediff('year', contracts.term_start_date, build.as_of_date)
                )
            )
        ) as year_number
    from contracts
    cross join build

),

months as (

    select
        *,
        unnest(generate_series(12 * (year_number - 1), 12 * year_number - 1))
            as months_before
    from years

),

month_dates as (

    select
        *,
        (term_start_date + months_before * interval 1 month)::date as month_start_date,
        (term_start_date + (months_before + 1) * interval 1 month)::date
            as month_end_date
    from months

),

-- A year has the whole months of it that lie in the term: a shorter last year has fewer.
term_years as (

    select
        org_id,
        contract_id,
        in_force_to,
        year_number,
        min(month_start_date) as year_start_date,
        coalesce(
            max(month_end_date) filter (
                where month_end_date <= coalesce(term_end_date, '9999-12-31'::date)
            ),
            year_start_date
        ) as year_end_date,
        count(*) filter (
            where month_end_date <= coalesce(term_end_date, '9999-12-31'::date)
        ) as months_count
    from month_dates
    group by org_id, contract_id, in_force_to, year_number

)

-- The first year is known with the contract, the others once they have begun under it.
select
    term_years.org_id,
    term_years.contract_id,
    term_years.year_number,
    term_years.year_start_date,
    term_years.year_end_date,
    term_years.months_count
from term_years
cross join build
where
    term_years.year_number = 1
    or (
        term_years.year_start_date < build.as_of_date
        and term_years.year_start_date < term_years.in_force_to
    )
