-- The readings of the peak of a disputed license or add-on.
select
    concurrency_peaks.cycle_start_date,
    concurrency_peaks.pool,
    concurrency_peaks.highest_users,
    concurrency_peaks.sustained_users,
    concurrency_peaks.accumulated_users,
    concurrency_peaks.accumulated_exact_users,
    concurrency_peaks.peak_rule,
    concurrency_peaks.billable_users,
    concurrency_peaks.peak_started_at,
    concurrency_peaks.peak_ended_at
from marts.concurrency_peaks
inner join dispute_scope as scope
    on
        concurrency_peaks.cycle_start_date = scope.cycle_start_date
        and concurrency_peaks.pool = scope.product_code
where concurrency_peaks.org_id = $org_id
order by concurrency_peaks.cycle_start_date, concurrency_peaks.pool
