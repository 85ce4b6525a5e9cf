with

accepted as (

    select distinct
        org_id,
        dataset
    from {{ ref('load_audit') }}
    where rows_accepted > 0

),

organizations_delivering as (

    select
        org_id,
        bool_or(dataset = 'users') as has_users,
        bool_or(dataset in ('billable_usage_report', 'user_hour_report'))
            as has_reports_by_email
    from accepted
    group by org_id

),

-- An answer without rows says that there were none.
first_instants as (

    select
        coverage.org_id,
        min(coverage.covered_from) filter (where coverage.dataset = 'license_assignments')
            as licenses_from,
        min(coverage.covered_from) filter (where coverage.dataset = 'user_presence')
            as presence_from,
        min(coverage.covered_from) filter (where coverage.dataset = 'routing_status')
            as routing_from,
        bool_or(
            coverage.dataset in (
                'license_assignments',
                'user_presence',
                'message_interactions',
                'resource_usage',
                'voice_usage'
            )
        ) as has_usage
    from {{ ref('int_coverage') }} as coverage
    left join accepted
        on
            coverage.org_id = accepted.org_id
            and coverage.dataset = accepted.dataset
    where accepted.org_id is not null or coverage.basis in ('query', 'report')
    group by coverage.org_id

),

interacting as (

    select distinct billable_users.org_id
    from {{ ref('billable_users') }} as billable_users
    semi join {{ ref('hourly_products') }} as hourly_products
        on billable_users.product_code = hourly_products.product_code

),

delivered as (

    select
        cycles.org_id,
        min(cycles.cycle_start_date) as first_day,
        bool_or(
            interacting.org_id is not null
            or (
                contracts.license_model = 'hourly'
                and contracts.hourly_model = 'interacting'
            )
        ) as needs_routing,
        coalesce(bool_or(delivering.has_users), false) as has_users,
        coalesce(bool_or(delivering.has_reports_by_email), false) as has_reports_by_email,
        coalesce(bool_or(first_instants.has_usage), false) as has_usage,
        any_value(first_instants.licenses_from) as licenses_from,
        any_value(first_instants.presence_from) as presence_from,
        any_value(first_instants.routing_from) as routing_from
    from {{ ref('int_cycles') }} as cycles
    inner join {{ ref('int_contracts') }} as contracts
        on
            cycles.org_id = contracts.org_id
            and cycles.contract_id = contracts.contract_id
    left join first_instants
        on cycles.org_id = first_instants.org_id
    left join organizations_delivering as delivering
        on cycles.org_id = delivering.org_id
    left join interacting
        on cycles.org_id = interacting.org_id
    group by cycles.org_id

)

select
    org_id,
    if(has_reports_by_email, 'no_users_for_reports', 'no_users') as finding,
    'users' as dataset,
    null::timestamp as first_at
from delivered
where
    not has_users
    and (
        has_reports_by_email or licenses_from is not null or presence_from is not null
    )
union all
select
    org_id,
    if(licenses_from is null, 'no_license', 'no_license_before') as finding,
    'license_assignments' as dataset,
    licenses_from as first_at
from delivered
where licenses_from > first_day or (licenses_from is null and presence_from is not null)
union all
select
    org_id,
    'no_presence' as finding,
    'user_presence' as dataset,
    null as first_at
from delivered
where licenses_from is not null and presence_from is null
union all
select
    org_id,
    'no_routing' as finding,
    'routing_status' as dataset,
    null as first_at
from delivered
where needs_routing and licenses_from is not null and routing_from is null
union all
select
    org_id,
    'no_usage' as finding,
    'all' as dataset,
    null as first_at
from delivered
where not has_usage
