with

cycles as (

    select * from {{ ref('int_cycles') }}

),

spellings as (

    select
        org_id,
        user_id,
        email as spelling
    from {{ ref('stg_users') }}
    where row_status = 'accepted'
    union
    select
        org_id,
        user_id,
        lower(user_name) as spelling
    from {{ ref('stg_users') }}
    where row_status = 'accepted'

),

-- A name that two users share says nothing about either.
users as (

    select
        org_id,
        spelling,
        min(user_id) as user_id
    from spellings
    where spelling is not null
    group by org_id, spelling
    having count(*) = 1

),

report_rows as (

    select
        report.org_id,
        report.usage_date,
        cycles.cycle_start_date,
        coalesce(users.user_id, report.user_name) as subject_id,
        min(report.file_id || '/' || report.source_row) as report_line_id,
        sum(report.logged_in_seconds) as logged_in_seconds
    from {{ ref('stg_user_hour_report') }} as report
    inner join cycles
        on
            report.org_id = cycles.org_id
            and report.usage_date >= cycles.cycle_start_date
            and report.usage_date < cycles.usage_through_at
    left join users
        on
            report.org_id = users.org_id
            and report.user_name = users.spelling
    where report.row_status = 'accepted'
    group by all

),

reported_days as (

    select distinct
        org_id,
        usage_date,
        cycle_start_date
    from report_rows

),

expected as (

    select
        user_hours.org_id,
        user_hours.usage_date,
        reported_days.cycle_start_date,
        user_hours.user_id,
        user_hours.logged_in_seconds
    from {{ ref('user_hours_daily') }} as user_hours
    inner join reported_days
        on
            user_hours.org_id = reported_days.org_id
            and user_hours.usage_date = reported_days.usage_date
    where user_hours.logged_in_seconds > 0

)

select
    coalesce(report_rows.org_id, expected.org_id) as org_id,
    'user_hours' as report,
    coalesce(report_rows.usage_date, expected.usage_date) as usage_date,
    coalesce(report_rows.cycle_start_date, expected.cycle_start_date) as cycle_start_date,
    coalesce(expected.user_id, report_rows.subject_id) as subject,
    report_rows.report_line_id,
    report_rows.logged_in_seconds::decimal(38, 6) as reported_quantity,
    -- The report shows whole milliseconds.
    (floor(expected.logged_in_seconds * 1000) * 0.001)::decimal(38, 6)
        as expected_quantity,
    null as detail_reason
from report_rows
full outer join expected
    on
        report_rows.org_id = expected.org_id
        and report_rows.usage_date = expected.usage_date
        and lower(report_rows.subject_id) = lower(expected.user_id)
