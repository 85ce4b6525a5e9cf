with

steps as (

    select * from {{ ref('int_concurrency_steps') }}

),

sustained as (

    select * from {{ ref('int_peaks_sustained') }}

),

accumulated as (

    select * from {{ ref('int_peaks_accumulated') }}

),

cycles as (

    select * from {{ ref('int_cycles') }}

),

-- All three readings side by side; the contract says which one bills (CONC-06).
billable as (

    select
        sustained.org_id,
        sustained.cycle_start_date,
        sustained.pool,
        sustained.highest_users,
        sustained.sustained_users,
        accumulated.accumulated_users,
        accumulated.accumulated_exact_users,
        cycles.peak_rule,
        cycles.peak_minimum_minutes * interval 1 minute as minimum_length,
        case cycles.peak_rule
            when 'sustained' then sustained.sustained_users
            when 'accumulated' then accumulated.accumulated_users
            when 'accumulated_exact' then accumulated.accumulated_exact_users
        end as billable_users
    from sustained
    inner join accumulated
        on
            sustained.org_id = accumulated.org_id
            and sustained.cycle_start_date = accumulated.cycle_start_date
            and sustained.pool = accumulated.pool
    inner join cycles
        on
            sustained.org_id = cycles.org_id
            and sustained.cycle_start_date = cycles.cycle_start_date

),

sustained_levels as (

    select
        org_id,
        cycle_start_date,
        pool,
        peak_rule as reading,
        billable_users as users_count,
        minimum_length
    from billable
    where peak_rule = 'sustained'

),

stretches as (

    {{ unbroken_stretches('steps', 'sustained_levels') }}

),

-- The first unbroken stretch that supports the billed number is its witness.
witnesses as (

    select
        org_id,
        cycle_start_date,
        pool,
        min(started_at) as peak_started_at,
        min_by(ended_at, started_at) as peak_ended_at
    from stretches
    group by org_id, cycle_start_date, pool

)

select
    billable.org_id,
    billable.cycle_start_date,
    billable.pool,
    billable.highest_users,
    billable.sustained_users,
    billable.accumulated_users,
    billable.accumulated_exact_users,
    billable.peak_rule,
    billable.billable_users,
    witnesses.peak_started_at,
    witnesses.peak_ended_at
from billable
left join witnesses
    on
        billable.org_id = witnesses.org_id
        and billable.cycle_start_date = witnesses.cycle_start_date
        and billable.pool = witnesses.pool
