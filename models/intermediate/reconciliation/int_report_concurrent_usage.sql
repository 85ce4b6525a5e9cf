with

report_rows as (

    select * from {{ ref('stg_concurrent_usage_report') }}
    where row_status = 'accepted'

),

cycles as (

    select * from {{ ref('int_cycles') }}

),

dated as (

    select
        report_rows.*,
        cycles.cycle_start_date
    from report_rows
    inner join cycles
        on
            report_rows.org_id = cycles.org_id
            and report_rows.usage_date >= cycles.cycle_start_date
            and report_rows.usage_date < cycles.usage_through_at

),

daily as (

    select * from {{ ref('concurrency_daily') }}

)

-- R2 is per day: the day's peak and the minutes at it, not the billed peak (CONC-08).
select
    dated.org_id,
    'concurrent_usage' as report,
    dated.usage_date,
    dated.cycle_start_date,
    dated.pool as subject,
    dated.file_id || '/' || dated.source_row as report_line_id,
    dated.peak_users::decimal(38, 6) as reported_quantity,
    coalesce(daily.peak_users, 0)::decimal(38, 6) as expected_quantity,
    case
        when
            abs(dated.minutes_at_peak - coalesce(daily.minutes_at_peak, 0)) >= 1
            then 'minutes_differ'
    end as detail_reason
from dated
left join daily
    on
        dated.org_id = daily.org_id
        and dated.usage_date = daily.usage_date
        and dated.pool = daily.pool
