with

cycles as (

    select * from {{ ref('int_cycles') }}

),

-- Allowances and totals of other rows are no usage, so they are compared with nothing.
report_rows as (

    select
        report.org_id,
        cycles.cycle_start_date,
        coalesce(report.product_code, report.usage_name) as subject,
        min(report.file_id || '/' || report.source_row) as report_line_id,
        sum(report.usage_quantity) as reported_quantity
    from {{ ref('stg_subscription_overview') }} as report
    inner join cycles
        on
            report.org_id = cycles.org_id
            and report.period_start_date >= cycles.cycle_start_date
            and report.period_start_date < cycles.cycle_end_date
            and report.period_start_date < cycles.usage_through_at
    where
        report.row_status = 'accepted'
        and report.usage_kind = 'usage'
    group by
        report.org_id,
        cycles.cycle_start_date,
        coalesce(report.product_code, report.usage_name)

),

reported_cycles as (

    select distinct
        org_id,
        cycle_start_date
    from report_rows

),

-- The overview leaves out what is called by phone, over the vendor's carrier or one's own.
measured as (

    select
        metered.org_id,
        metered.cycle_start_date,
        metered.product_code as subject,
        metered.measured_quantity
    from {{ ref('int_usage_by_cycle') }} as metered
    inner join {{ ref('int_products') }} as products
        on metered.product_code = products.product_code
    semi join reported_cycles
        on
            metered.org_id = reported_cycles.org_id
            and metered.cycle_start_date = reported_cycles.cycle_start_date
    where
        metered.measured_quantity > 0
        and products.family <> 'voice'

),

-- What a meter measures is billed in tokens; by itself it is expected where it is named.
token_meters as (

    select
        meters.org_id,
        meters.cycle_start_date,
        meters.product_code as subject,
        meters.used_quantity as measured_quantity
    from {{ ref('ai_token_usage') }} as meters
    inner join {{ ref('products') }} as products
        on
            meters.product_code = products.product_code
            and products.kind = 'token_meter'
    semi join report_rows
        on
            meters.org_id = report_rows.org_id
            and meters.cycle_start_date = report_rows.cycle_start_date
            and meters.product_code = report_rows.subject

),

expected as (

    select * from measured
    union all
    select * from token_meters

)

select
    coalesce(report_rows.org_id, expected.org_id) as org_id,
    'subscription_overview' as report,
    null::date as usage_date,
    coalesce(report_rows.cycle_start_date, expected.cycle_start_date) as cycle_start_date,
    coalesce(report_rows.subject, expected.subject) as subject,
    report_rows.report_line_id,
    report_rows.reported_quantity::decimal(38, 6) as reported_quantity,
    case
        when report_rows.reported_quantity = 0
            then coalesce(expected.measured_quantity, 0)::decimal(38, 6)
        else expected.measured_quantity
    end as expected_quantity,
    null as detail_reason
from report_rows
full outer join expected
    on
        report_rows.org_id = expected.org_id
        and report_rows.cycle_start_date = expected.cycle_start_date
        and report_rows.subject = expected.subject
where
    report_rows.subject is not null
    or expected.subject <> 'byoc_minutes'
