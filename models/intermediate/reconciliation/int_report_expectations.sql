with

-- What a report can name: each of its items, and null for anything.
reported as (

    select distinct
        org_id,
        report,
        cycle_start_date,
        usage_date,
        coalesce(usage_date, cycle_start_date) as day_or_cycle,
        unnest([item, null]) as item
    from {{ ref('int_report_figures') }}

),

products as (

    {{ products_by_organization('reported') }}

),

-- The overview leaves telephony out, and has minutes over the customer's own carrier only
-- if it names them.
usage as (

    select
        split.*,
        products.kind in ('resource', 'message', 'conversation') as is_on_resource_report,
        products.family <> 'voice' as is_on_overview,
        case when split.product_code = 'byoc_minutes' then split.product_code end
            as overview_item
    from {{ ref('int_usage_split') }} as split
    inner join products
        on
            split.org_id = products.org_id
            and split.product_code = products.product_code

),

-- What a meter measures is billed in tokens, so by itself it is expected only on a report
-- that names it (FU-13).
token_meters as (

    select
        meters.org_id,
        meters.cycle_start_date,
        meters.product_code,
        meters.used_quantity,
        unnest(['resources_usage', 'subscription_overview', 'billing_charges']) as report
    from {{ ref('int_ai_token_usage') }} as meters
    inner join products
        on
            meters.org_id = products.org_id
            and meters.product_code = products.product_code
    where meters.tokens is not null and products.kind = 'token_meter'

),

-- `item` is what the report has to name for the figure to be expected on it; null if it is
-- expected on any report of the day or cycle. Each quantity is cast by itself: a union
-- keeps the smallest scale. R1 and R5 may have an id in another case, so what they are
-- compared by, `subject_key`, has it in lower case.
expectations as (

    select
        org_id,
        'billable_usage' as report,
        cycle_start_date as day_or_cycle,
        null as item,
        product_code || ' / ' || user_id as subject,
        product_code || ' / ' || lower(user_id) as subject_key,
        user_id as person,
        1::decimal(38, 6) as expected_quantity,
        first_billable_login_at as first_login_at,
        true as is_person
    from {{ ref('int_billable_users') }}
    union all by name
    select
        org_id,
        'billable_usage' as report,
        cycle_start_date as day_or_cycle,
        product_code as item,
        product_code || ' / ' || device_id as subject,
        product_code || ' / ' || lower(device_id) as subject_key,
        device_id as person,
        1::decimal(38, 6) as expected_quantity
    from {{ ref('int_devices_in_service') }}
    union all by name
    -- The peak of the day and the minutes at it, not the billed peak (CONC-08).
    select
        org_id,
        'concurrent_usage' as report,
        usage_date as day_or_cycle,
        pool as item,
        pool as subject,
        peak_users::decimal(38, 6) as expected_quantity,
        minutes_at_peak
    from {{ ref('concurrency_daily') }}
    union all by name
    -- The report shows whole milliseconds.
    select
        org_id,
        'user_hours' as report,
        usage_date as day_or_cycle,
        null as item,
        user_id as subject,
        lower(user_id) as subject_key,
        user_id as person,
        (floor(logged_in_seconds * 1000) * 0.001)::decimal(38, 6) as expected_quantity,
        true as is_person
    from {{ ref('int_user_hours') }}
    where logged_in_seconds > 0
    union all by name
    -- What is above the allowance, as it is billed (FU-07); messages and conversations have
    -- no allowance.
    select
        org_id,
        'resources_usage' as report,
        cycle_start_date as day_or_cycle,
        null as item,
        product_code as subject,
        above_allowance_quantity::decimal(38, 6) as expected_quantity
    from usage
    where is_on_resource_report and above_allowance_quantity > 0
    union all by name
    select
        org_id,
        'subscription_overview' as report,
        cycle_start_date as day_or_cycle,
        overview_item as item,
        product_code as subject,
        measured_quantity::decimal(38, 6) as expected_quantity
    from usage
    where is_on_overview and measured_quantity > 0
    union all by name
    select
        org_id,
        'billing_charges' as report,
        cycle_start_date as day_or_cycle,
        null as item,
        product_code as subject,
        actual_quantity::decimal(38, 6) as expected_quantity
    from {{ ref('usage_summary') }}
    where actual_quantity > 0
    union all by name
    select
        org_id,
        'billing_charges' as report,
        cycle_start_date as day_or_cycle,
        product_code || ' / overage' as item,
        product_code || ' / overage' as subject,
        overage_quantity::decimal(38, 6) as expected_quantity
    from {{ ref('usage_summary') }}
    where overage_quantity > 0
    union all by name
    select
        org_id,
        report,
        cycle_start_date as day_or_cycle,
        product_code as item,
        product_code as subject,
        used_quantity::decimal(38, 6) as expected_quantity
    from token_meters
    where used_quantity > 0 or report <> 'resources_usage'

)

-- Two ids that differ in letter case alone are one name of a report: it has the hours of
-- both in one row, and the first login of either.
select
    reported.org_id,
    reported.report,
    reported.usage_date,
    reported.cycle_start_date,
    min(expectations.subject) as subject,
    coalesce(expectations.subject_key, expectations.subject) as subject_key,
    (
        if(
            reported.report = 'user_hours',
            sum(expectations.expected_quantity),
            max(expectations.expected_quantity)
        )
    )::decimal(38, 6) as expected_quantity,
    max(expectations.minutes_at_peak) as minutes_at_peak,
    min(expectations.first_login_at) as first_login_at,
    coalesce(bool_or(expectations.is_person), false) as is_person,
    min(expectations.person) as person
from expectations
inner join reported
    on
        expectations.org_id = reported.org_id
        and expectations.report = reported.report
        and expectations.day_or_cycle = reported.day_or_cycle
        and expectations.item is not distinct from reported.item
group by
    reported.org_id,
    reported.report,
    reported.usage_date,
    reported.cycle_start_date,
    coalesce(expectations.subject_key, expectations.subject)
