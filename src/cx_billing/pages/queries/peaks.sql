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
    concurrency_peaks.peak_ended_at,
    coalesce(license_usage.license_model, organizations.license_model) as license_model
from marts.concurrency_peaks
inner join marts.organizations using (org_id)
left join marts.license_usage
    on
        concurrency_peaks.org_id = license_usage.org_id
        and concurrency_peaks.cycle_start_date = license_usage.cycle_start_date
        and concurrency_peaks.pool = license_usage.product_code
where concurrency_peaks.org_id = $org_id
order by concurrency_peaks.cycle_start_date, concurrency_peaks.pool
