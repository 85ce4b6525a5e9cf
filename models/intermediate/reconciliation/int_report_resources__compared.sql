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
        case coalesce(any_value(products.cycle_value), 'sum')
            when 'max' then max(report.quantity)
            else sum(report.quantity)
        end as reported_quantity
    from {{ ref('stg_resources_usage_report') }} as report
    inner join cycles
        on
            report.org_id = cycles.org_id
            and report.usage_date >= cycles.cycle_start_date
            and report.usage_date < cycles.usage_through_at
    left join {{ ref('products') }} as products
        on report.product_code = products.product_code
    where report.row_status = 'accepted'
    group by
        report.org_id,
        cycles.cycle_start_date,
        coalesce(report.product_code, report.resource_name)

),

-- Above the allowance; of messages and conversations, everything.
resource_usage as (

    select
        metered.org_id,
        metered.cycle_start_date,
        metered.product_code,
        (metered.measured_quantity - metered.included_quantity) as overage_quantity
    from {{ ref('int_usage__metered') }} as metered
    inner join {{ ref('int_products__used') }} as products
        on metered.product_code = products.product_code
    semi join report_rows
        on
            metered.org_id = report_rows.org_id
            and metered.cycle_start_date = report_rows.cycle_start_date
    where
        products.kind in ('resource', 'message', 'conversation')
        and metered.measured_quantity > metered.included_quantity

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
