with

compared as (

    select * from {{ ref('int_report_billable_usage') }}
    union all
    select * from {{ ref('int_report_concurrent_usage') }}
    union all
    select * from {{ ref('int_report_resources_usage') }}
    union all
    select * from {{ ref('int_report_user_hours') }}
    union all
    select * from {{ ref('int_report_subscription_overview') }}
    union all
    select * from {{ ref('int_report_billing_charges') }}

)

select
    coalesce(
        report_line_id,
        concat_ws(
            '/', 'expected', report, org_id, cycle_start_date, usage_date, subject
        )
    ) as report_line_id,
    org_id,
    report,
    usage_date,
    cycle_start_date,
    subject,
    reported_quantity,
    expected_quantity,
    (coalesce(reported_quantity, 0) - coalesce(expected_quantity, 0))::decimal(38, 6)
        as variance_quantity,
    case
        when reported_quantity is null then 'missing_on_report'
        when expected_quantity is null then 'not_expected'
        when reported_quantity <> expected_quantity then 'quantity_differs'
        else coalesce(detail_reason, 'matched')
    end as reason
from compared
