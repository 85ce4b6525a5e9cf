with

cycles as (

    select * from {{ ref('int_cycles') }}

),

charges as (

    select
        charges.org_id,
        cycles.cycle_start_date,
        coalesce(charges.product_code, charges.charge_name) as product_code,
        min(charges.file_id || '/' || charges.source_row) as report_line_id,
        sum(charges.actual_quantity)::decimal(38, 6) as actual_quantity,
        sum(charges.overage_quantity)::decimal(38, 6) as overage_quantity
    from {{ ref('stg_billing_charges') }} as charges
    inner join cycles
        on
            charges.org_id = cycles.org_id
            and charges.period_start_date >= cycles.cycle_start_date
            and charges.period_start_date < cycles.cycle_end_date
            and charges.period_start_date < cycles.usage_through_at
    where charges.row_status = 'accepted'
    group by
        charges.org_id,
        cycles.cycle_start_date,
        coalesce(charges.product_code, charges.charge_name)

),

-- The whole usage and what of it is above commitment or allowance are two figures.
report_rows as (

    select
        org_id,
        cycle_start_date,
        product_code as subject,
        report_line_id,
        actual_quantity as reported_quantity
    from charges
    union all
    select
        org_id,
        cycle_start_date,
        product_code || ' / overage' as subject,
        report_line_id || '/overage' as report_line_id,
        overage_quantity as reported_quantity
    from charges
    where overage_quantity is not null

),

usage_summary as (

    select usage_summary.*
    from {{ ref('usage_summary') }} as usage_summary
    semi join charges
        on
            usage_summary.org_id = charges.org_id
            and usage_summary.cycle_start_date = charges.cycle_start_date

),

-- What a meter measures is billed in tokens; by itself it is expected where it is charged.
token_meters as (

    select
        meters.org_id,
        meters.cycle_start_date,
        meters.product_code as subject,
        meters.used_quantity as expected_quantity
    from {{ ref('ai_token_usage') }} as meters
    inner join {{ ref('products') }} as products
        on
            meters.product_code = products.product_code
            and products.kind = 'token_meter'
    semi join charges
        on
            meters.org_id = charges.org_id
            and meters.cycle_start_date = charges.cycle_start_date
            and meters.product_code = charges.product_code

),

-- Overage is expected only of products that have a charge.
expected as (

    select
        org_id,
        cycle_start_date,
        product_code as subject,
        actual_quantity as expected_quantity
    from usage_summary
    where actual_quantity > 0
    union all
    select
        usage_summary.org_id,
        usage_summary.cycle_start_date,
        usage_summary.product_code || ' / overage' as subject,
        usage_summary.overage_quantity as expected_quantity
    from usage_summary
    semi join charges
        on
            usage_summary.org_id = charges.org_id
            and usage_summary.cycle_start_date = charges.cycle_start_date
            and usage_summary.product_code = charges.product_code
            and charges.overage_quantity is not null
    where usage_summary.overage_quantity > 0
    union all
    select * from token_meters

)

select
    coalesce(report_rows.org_id, expected.org_id) as org_id,
    'billing_charges' as report,
    null::date as usage_date,
    coalesce(report_rows.cycle_start_date, expected.cycle_start_date) as cycle_start_date,
    coalesce(report_rows.subject, expected.subject) as subject,
    report_rows.report_line_id,
    report_rows.reported_quantity,
    case
        when report_rows.reported_quantity = 0
            then coalesce(expected.expected_quantity, 0)::decimal(38, 6)
        else expected.expected_quantity
    end as expected_quantity,
    null as detail_reason
from report_rows
full outer join expected
    on
        report_rows.org_id = expected.org_id
        and report_rows.cycle_start_date = expected.cycle_start_date
        and report_rows.subject = expected.subject
