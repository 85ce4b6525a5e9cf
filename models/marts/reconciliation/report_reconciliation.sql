with

figures as (

    select * from {{ ref('int_report_figures') }}

),

expectations as (

    select * from {{ ref('int_report_expectations') }}

),

-- A reported 0 agrees with nothing used, and so does any day of R2, which compares numbers
-- of users.
compared as (

    select
        figures.report_line_id,
        coalesce(figures.org_id, expectations.org_id) as org_id,
        coalesce(figures.report, expectations.report) as report,
        coalesce(figures.usage_date, expectations.usage_date) as usage_date,
        coalesce(figures.cycle_start_date, expectations.cycle_start_date)
            as cycle_start_date,
        coalesce(expectations.subject, figures.subject) as subject,
        figures.reported_quantity,
        coalesce(
            expectations.expected_quantity,
            case
                when
                    figures.report = 'concurrent_usage'
                    or (
                        figures.report in ('subscription_overview', 'billing_charges')
                        and figures.reported_quantity = 0
                    )
                    then 0
            end
        )::decimal(38, 6) as expected_quantity,
        abs(figures.minutes_at_peak - coalesce(expectations.minutes_at_peak, 0)) >= 1
            as is_minutes_different
    from figures
    full outer join expectations
        on
            figures.org_id = expectations.org_id
            and figures.report = expectations.report
            and figures.cycle_start_date = expectations.cycle_start_date
            and figures.usage_date is not distinct from expectations.usage_date
            and figures.subject_key = expectations.subject_key

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
        when is_minutes_different then 'minutes_differ'
        else 'matched'
    end as reason
from compared
