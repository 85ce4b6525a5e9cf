with

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

)

select * from billable
