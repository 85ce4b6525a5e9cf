-- The highest concurrency of a cycle is the highest of its days, pool by pool (CONC-08).
with

daily as (

    select
        daily_peaks.org_id,
        cycles.cycle_start_date,
        daily_peaks.pool,
        max(daily_peaks.peak_users) as highest_of_the_days
    from {{ ref('concurrency_daily') }} as daily_peaks
    inner join {{ ref('billing_cycles') }} as cycles
        on
            daily_peaks.org_id = cycles.org_id
            and daily_peaks.usage_date >= cycles.cycle_start_date
            and daily_peaks.usage_date < cycles.cycle_end_date
            and cycles.clock = 'core'
    group by daily_peaks.org_id, cycles.cycle_start_date, daily_peaks.pool

)

select
    coalesce(peaks.org_id, daily.org_id) as org_id,
    coalesce(peaks.cycle_start_date, daily.cycle_start_date) as cycle_start_date,
    coalesce(peaks.pool, daily.pool) as pool,
    peaks.highest_users,
    daily.highest_of_the_days
from {{ ref('concurrency_peaks') }} as peaks
full outer join daily
    on
        peaks.org_id = daily.org_id
        and peaks.cycle_start_date = daily.cycle_start_date
        and peaks.pool = daily.pool
where peaks.highest_users is distinct from daily.highest_of_the_days
