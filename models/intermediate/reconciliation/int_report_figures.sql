with

cycles as (

    select * from {{ ref('int_cycles') }}

),

users as (

    select * from {{ ref('stg_users') }}
    where row_status = 'accepted'

),

-- What is known to be an id of a user; anything else that a report names is a name.
known_ids as (

    select
        org_id,
        lower(user_id) as known_id
    from users
    union
    select
        org_id,
        lower(user_id) as known_id
    from {{ ref('int_billable_users') }}

),

-- R1 names a user by email and a device by its id. If several users have had an email, it
-- is the one who counts for the charge, else the first.
billable_entities as (

    select
        report.org_id,
        cycles.cycle_start_date,
        coalesce(report.product_code, report.charge_name) as item,
        coalesce(
            min(users.user_id) filter (where billable_users.user_id is not null),
            min(users.user_id),
            report.entity
        ) as entity_id,
        min(report.file_id || '/' || report.source_row) as report_line_id,
        min(report.first_login_at) as first_login_at,
        arg_min(report.printed_precision_us, report.first_login_at)
            as printed_precision_us,
        count(users.user_id) + count(known_ids.known_id) > 0 as is_known_id,
        -- An id has neither.
        count(users.user_id) = 0 and regexp_matches(report.entity, '[@ ]')
            as is_unknown_name
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
    left join known_ids
        on
            report.org_id = known_ids.org_id
            and report.entity = known_ids.known_id
    left join {{ ref('int_billable_users') }} as billable_users
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

-- `subject_key` is what a figure is compared by. Staging has names of R1 and R5 in lower
-- case, an id among them too; a user named by email and by id is one.
billable_usage as (

    select
        'billable_usage' as report,
        org_id,
        null::date as usage_date,
        cycle_start_date,
        item,
        item || ' / ' || min(entity_id) as subject,
        item || ' / ' || lower(entity_id) as subject_key,
        min(report_line_id) as report_line_id,
        1::decimal(38, 6) as reported_quantity,
        null::decimal(38, 6) as minutes_at_peak,
        min(first_login_at) as first_login_at,
        arg_min(printed_precision_us, first_login_at) as printed_precision_us,
        bool_and(is_unknown_name) as is_unknown_name,
        min(entity_id) as person,
        bool_or(is_known_id) as is_known_id
    from billable_entities
    group by org_id, cycle_start_date, item, lower(entity_id)

),

-- R5 names a user by email or name. One that two users share names neither of them.
user_names as (

    select
        org_id,
        user_name,
        min(user_id) as user_id
    from (
        select
            org_id,
            user_id,
            unnest([email, lower(user_name)]) as user_name
        from users
    ) as spellings
    where user_name is not null
    group by org_id, user_name
    having count(distinct user_id) = 1

),

-- The other reports have a figure per day or per billing period. A product's figure on the
-- overview is its rollup if it has one, and that of a charge its wallet. A charge has two
-- figures: all its usage, and its overage.
-- Days of R3 have twelve decimals, and a union would keep the smallest scale.
{% set figures = [
    ('concurrent_usage', 'concurrent_usage_report', 'usage_date', 'pool', 'peak_users'),
    ('resources_usage', 'resources_usage_report', 'usage_date',
        'coalesce(product_code, resource_name)', 'quantity'),
    ('user_hours', 'user_hour_report', 'usage_date', 'user_name', 'logged_in_seconds'),
    ('subscription_overview', 'subscription_overview', 'period_start_date',
        'coalesce(product_code, usage_name)', 'usage_quantity'),
    ('billing_charges', 'billing_charges', 'period_start_date',
        'coalesce(product_code, charge_name)', 'actual_quantity'),
    ('billing_charges', 'billing_charges', 'period_start_date',
        "coalesce(product_code, charge_name) || ' / overage'", 'overage_quantity'),
] %}
report_rows as (

    {% for report, dataset, reported_on, subject, quantity in figures %}
        select
            '{{ report }}' as report,
            org_id,
            file_id || '/' || source_row
            {%- if quantity == 'overage_quantity' %} || '/overage'{% endif %} as line_id,
            {{ reported_on }} as reported_on,
            {{ subject }} as subject,
            {{ quantity }}::decimal(38, 12) as quantity
            {%- if report == 'concurrent_usage' %}, minutes_at_peak{% endif %}
        from {{ ref('stg_' ~ dataset) }}
        where
            row_status = 'accepted'
            {%- if report in ('subscription_overview', 'billing_charges') %}
                and is_product_figure
            {%- endif %}

        {{ 'union all by name' if not loop.last }}
    {% endfor %}

),

-- R3 is per day, its allowance per cycle: so its days are added up to cycles.
by_day_or_cycle as (

    select
        report_rows.report,
        report_rows.org_id,
        case
            when report_rows.report in ('concurrent_usage', 'user_hours')
                then report_rows.reported_on
        end as usage_date,
        cycles.cycle_start_date,
        coalesce(min(user_names.user_id), min(report_rows.subject)) as item,
        coalesce(min(user_names.user_id), min(report_rows.subject)) as subject,
        coalesce(lower(user_names.user_id), report_rows.subject) as subject_key,
        min(report_rows.line_id) as report_line_id,
        {{ cycle_quantity(
            'report_rows.quantity',
            'report_rows.reported_on',
            'products.cycle_value',
            'cycles.storage_month_value'
        ) }} as reported_quantity,
        max(report_rows.minutes_at_peak) as minutes_at_peak,
        null::timestamp as first_login_at,
        null::bigint as printed_precision_us,
        report_rows.report = 'user_hours'
        and min(user_names.user_id) is null
        and regexp_matches(subject_key, '[@ ]') as is_unknown_name,
        case
            when report_rows.report = 'user_hours'
                then coalesce(min(user_names.user_id), min(report_rows.subject))
        end as person,
        count(user_names.user_id) + count(known_ids.known_id) > 0 as is_known_id
    from report_rows
    inner join cycles
        on
            report_rows.org_id = cycles.org_id
            and report_rows.reported_on >= cycles.cycle_start_date
            and report_rows.reported_on < cycles.cycle_end_date
            and report_rows.reported_on < cycles.usage_through_at
    left join user_names
        on
            report_rows.report = 'user_hours'
            and report_rows.org_id = user_names.org_id
            and report_rows.subject = user_names.user_name
    left join known_ids
        on
            report_rows.report = 'user_hours'
            and report_rows.org_id = known_ids.org_id
            and report_rows.subject = known_ids.known_id
    left join {{ ref('products') }} as products
        on
            report_rows.report = 'resources_usage'
            and report_rows.subject = products.product_code
    group by
        report_rows.report,
        report_rows.org_id,
        usage_date,
        cycles.cycle_start_date,
        subject_key,
        products.cycle_value,
        cycles.storage_month_value

)

select * from billable_usage
union all
select * from by_day_or_cycle
where reported_quantity is not null
