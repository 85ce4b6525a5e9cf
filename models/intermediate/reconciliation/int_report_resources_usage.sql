with

report_rows as (

    select * from {{ ref('int_report_resources_by_cycle') }}

),

-- Above the allowance, as it is billed (FU-07); of messages and conversations, everything.
overage as (

    select
        metered.org_id,
        metered.cycle_start_date,
        metered.product_code,
        coalesce(resource_usage.overage_quantity, metered.measured_quantity)
            as overage_quantity
    from {{ ref('int_usage_by_cycle') }} as metered
    inner join {{ ref('int_products') }} as products
        on metered.product_code = products.product_code
    left join {{ ref('resource_usage') }} as resource_usage
        on
            metered.org_id = resource_usage.org_id
            and metered.cycle_start_date = resource_usage.cycle_start_date
            and metered.product_code = resource_usage.product_code
    semi join report_rows
        on
            metered.org_id = report_rows.org_id
            and metered.cycle_start_date = report_rows.cycle_start_date
    where
        products.kind in ('resource', 'message', 'conversation')
        and coalesce(resource_usage.overage_quantity, metered.measured_quantity) > 0

),

-- What a meter measures is billed in tokens; by itself it is expected where R3 names it.
token_meters as (

    select
        meters.org_id,
        meters.cycle_start_date,
        meters.product_code,
        meters.used_quantity as overage_quantity
    from {{ ref('ai_token_usage') }} as meters
    inner join {{ ref('int_products') }} as products
        on
            meters.product_code = products.product_code
            and products.kind = 'token_meter'
    semi join report_rows
        on
            meters.org_id = report_rows.org_id
            and meters.cycle_start_date = report_rows.cycle_start_date
            and meters.product_code = report_rows.product_code
    where meters.used_quantity > 0

),

expected as (

    select * from overage
    union all
    select * from token_meters

)

select
    coalesce(report_rows.org_id, expected.org_id) as org_id,
    'resources_usage' as report,
    null::date as usage_date,
    coalesce(report_rows.cycle_start_date, expected.cycle_start_date)
        as cycle_start_date,
    coalesce(report_rows.product_code, expected.product_code) as subject,
    report_rows.report_line_id,
    report_rows.reported_quantity::decimal(38, 6) as reported_quantity,
    expected.overage_quantity as expected_quantity,
    null as detail_reason
from report_rows
full outer join expected
    on
        report_rows.org_id = expected.org_id
        and report_rows.cycle_start_date = expected.cycle_start_date
        and report_rows.product_code = expected.product_code
