select
    concurrency_daily.usage_date,
    concurrency_daily.peak_users,
    concurrency_daily.minutes_at_peak
from marts.concurrency_daily
inner join marts.billing_cycles
    on
        concurrency_daily.org_id = billing_cycles.org_id
        and concurrency_daily.usage_date >= billing_cycles.cycle_start_date
        and concurrency_daily.usage_date < billing_cycles.cycle_end_date
where
    billing_cycles.clock = 'core'
    and concurrency_daily.org_id = $org_id
    and billing_cycles.cycle_start_date = $cycle_start_date
    and concurrency_daily.pool = $pool
order by concurrency_daily.usage_date
