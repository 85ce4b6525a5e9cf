with

cycles as (

    select * from {{ ref('int_cycles') }}
    where clock = 'core'

),

-- R3 spreads overage over days; an allowance is of the cycle, so cycles are compared.
report_rows as (

    select
        report.org_id,
        cycles.cycle_start_date,
        coalesce(report.product_code, report.resource_name) as product_code,
        min(report.file_id || '/' || report.source_row) as report_line_id,
        sum(report.quantity) as reported_quantity
    from {{ ref('stg_resources_usage_report') }} as report
    inner join cycles
        on
            report.org_id = cycles.org_id
            and report.usage_date >= cycles.cycle_start_date
            and report.usage_date < cycles.cycle_end_date
    where report.row_status = 'accepted'
    group by all

),

resource_usage as (

    select resource_usage.*
    from {{ ref('resource_usage') }} as resource_usage
    semi join report_rows
        on
            resource_usage.org_id = report_rows.org_id
            and resource_usage.cycle_start_date = report_rows.cycle_start_date
    where resource_usage.overage_quantity > 0

)

select
    coalesce(report_rows.org_id, resource_usage.org_id) as org_id,
    'resources_usage' as report,
    null::date as usage_date,
    coalesce(report_rows.cycle_start_date, resource_usage.cycle_start_date)
        as cycle_start_date,
    coalesce(report_rows.product_code, resource_usage.product_code) as subject,
    report_rows.report_line_id,
    report_rows.reported_quantity::decimal(38, 6) as reported_quantity,
    resource_usage.overage_quantity as expected_quantity,
    null as detail_reason
from report_rows
full outer join resource_usage
    on
        report_rows.org_id = resource_usage.org_id
        and report_rows.cycle_start_date = resource_usage.cycle_start_date
        and report_rows.product_code = resource_usage.product_code
