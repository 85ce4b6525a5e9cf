with

peaks as (

    select * from {{ ref('int_peaks') }}

),

witnesses as (

    select * from {{ ref('int_peak_witnesses') }}

),

-- Products always counted as named have a peak too, but no pool that bills.
pools as (

    select product_code as pool
    from {{ ref('products') }}
    where is_cx or kind = 'addon'
    union all
    select 'cx_all' as pool

)

select
    peaks.org_id,
    peaks.cycle_start_date,
    peaks.pool,
    peaks.highest_users,
    peaks.sustained_users,
    peaks.accumulated_users,
    peaks.accumulated_exact_users,
    peaks.peak_rule,
    peaks.billable_users,
    witnesses.peak_started_at,
    witnesses.peak_ended_at
from peaks
inner join pools
    on peaks.pool = pools.pool
left join witnesses
    on
        peaks.org_id = witnesses.org_id
        and peaks.cycle_start_date = witnesses.cycle_start_date
        and peaks.pool = witnesses.pool
