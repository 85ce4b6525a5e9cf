with

cycles as (

    select * from {{ ref('int_cycles') }}

),

products as (

    select * from {{ ref('products') }}

)

-- R3 spreads overage over days; an allowance is of the cycle, so cycles are compared. Of
-- stored data the days make a cycle's value as they do of ours (FU-09).
select
    report.org_id,
    cycles.cycle_start_date,
    coalesce(report.product_code, report.resource_name) as product_code,
    min(report.file_id || '/' || report.source_row) as report_line_id,
    case
        when coalesce(products.cycle_value, 'sum') <> 'max'
            then sum(report.quantity)::decimal(38, 6)
        when cycles.storage_month_value = 'average'
            then {{ divide_half_up('sum(report.quantity)', 'count(*)') }}
        when cycles.storage_month_value = 'last'
            then max_by(report.quantity, report.usage_date)::decimal(38, 6)
        else max(report.quantity)::decimal(38, 6)
    end as reported_quantity
from {{ ref('stg_resources_usage_report') }} as report
inner join cycles
    on
        report.org_id = cycles.org_id
        and report.usage_date >= cycles.cycle_start_date
        and report.usage_date < cycles.usage_through_at
left join products
    on report.product_code = products.product_code
where report.row_status = 'accepted'
group by
    report.org_id,
    cycles.cycle_start_date,
    coalesce(report.product_code, report.resource_name),
    products.cycle_value,
    cycles.storage_month_value
