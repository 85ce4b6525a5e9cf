with

cycles as (

    select * from {{ ref('int_cycles') }}

),

users as (

    select * from {{ ref('stg_users') }}
    where row_status = 'accepted'

),

billable_users as (

    select * from {{ ref('billable_users') }}

),

-- R1 names a user by email, the platform by id; devices come under their own id. An address
-- can have had several users: the one who counts for the charge, else the first.
report_rows as (

    select
        report.org_id,
        cycles.cycle_start_date,
        coalesce(report.product_code, report.charge_name) as product_code,
        coalesce(
            min(users.user_id) filter (where billable_users.user_id is not null),
            min(users.user_id),
            report.entity
        ) as subject_id,
        min(report.file_id || '/' || report.source_row) as report_line_id
    from {{ ref('stg_billable_usage_report') }} as report
    inner join cycles
        on
            report.org_id = cycles.org_id
            and report.first_login_at >= cycles.cycle_start_at
            and report.first_login_at < cycles.usage_through_at
    left join users
        on
            report.org_id = users.org_id
            and report.entity = users.email
    left join billable_users
        on
            users.org_id = billable_users.org_id
            and users.user_id = billable_users.user_id
            and cycles.cycle_start_date = billable_users.cycle_start_date
            and report.product_code = billable_users.product_code
    where report.row_status = 'accepted'
    group by
        report.org_id,
        cycles.cycle_start_date,
        coalesce(report.product_code, report.charge_name),
        report.entity

),

reported_cycles as (

    select distinct
        org_id,
        cycle_start_date
    from report_rows

),

expected_users as (

    select
        billable_users.org_id,
        billable_users.cycle_start_date,
        billable_users.product_code,
        lower(billable_users.user_id) as subject_key,
        billable_users.user_id as subject_id
    from billable_users
    semi join reported_cycles
        on
            billable_users.org_id = reported_cycles.org_id
            and billable_users.cycle_start_date = reported_cycles.cycle_start_date

),

expected_devices as (

    select
        devices.org_id,
        cycles.cycle_start_date,
        devices.product_code,
        lower(devices.device_id) as subject_key,
        devices.device_id as subject_id
    from {{ ref('stg_devices') }} as devices
    inner join cycles
        on
            devices.org_id = cycles.org_id
            and devices.in_service_date < cycles.usage_through_at
            and coalesce(devices.out_of_service_date, '9999-12-31'::date)
            > cycles.cycle_start_date
            and devices.in_service_date
            < coalesce(devices.out_of_service_date, '9999-12-31'::date)
    semi join report_rows
        on
            devices.org_id = report_rows.org_id
            and cycles.cycle_start_date = report_rows.cycle_start_date
            and devices.product_code = report_rows.product_code
    where devices.row_status = 'accepted'

),

expected as (

    select * from expected_users
    union
    select * from expected_devices

)

select
    coalesce(report_rows.org_id, expected.org_id) as org_id,
    'billable_usage' as report,
    null::date as usage_date,
    coalesce(report_rows.cycle_start_date, expected.cycle_start_date) as cycle_start_date,
    coalesce(report_rows.product_code, expected.product_code)
    || ' / ' || coalesce(expected.subject_id, report_rows.subject_id) as subject,
    report_rows.report_line_id,
    case when report_rows.org_id is not null then 1 end::decimal(38, 6)
        as reported_quantity,
    case when expected.org_id is not null then 1 end::decimal(38, 6) as expected_quantity,
    null as detail_reason
from report_rows
full outer join expected
    on
        report_rows.org_id = expected.org_id
        and report_rows.cycle_start_date = expected.cycle_start_date
        and report_rows.product_code = expected.product_code
        and lower(report_rows.subject_id) = expected.subject_key
