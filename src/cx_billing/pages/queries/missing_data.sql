-- What an organization lacks, or what of its data meets nothing: one row each, in the order
-- in which its line tells them. `costs_money`: a bill can be short of it.
with

contracted as (

    select
        org_id,
        min(cycle_start_date) as first_day
    from marts.billing_cycles
    where clock = 'core'
    group by org_id

),

accepted as (

    select
        org_id,
        dataset
    from marts.load_audit
    where rows_accepted > 0
    group by org_id, dataset

),

-- An answer without rows says that there were none.
covered as (

    select
        coverage.org_id,
        coverage.dataset,
        coverage.basis,
        coverage.covered_from,
        coverage.covered_to
    from marts.coverage
    left join accepted using (org_id, dataset)
    where accepted.org_id is not null or coverage.basis in ('query', 'report')

),

first_instants as (

    select
        org_id,
        min(covered_from) filter (where dataset = 'license_assignments') as licenses_from,
        min(covered_from) filter (where dataset = 'user_presence') as presence_from,
        min(covered_from) filter (where dataset = 'routing_status') as routing_from
    from covered
    group by org_id

),

delivered as (

    select
        contracted.org_id,
        contracted.first_day,
        first_instants.licenses_from,
        first_instants.presence_from,
        first_instants.routing_from,
        coalesce(bool_or(accepted.dataset = 'users'), false) as has_users,
        coalesce(
            bool_or(accepted.dataset in ('billable_usage_report', 'user_hour_report')),
            false
        ) as has_reports_by_email
    from contracted
    left join first_instants using (org_id)
    left join accepted using (org_id)
    group by all

),

interacting as (

    select billable_users.org_id
    from marts.billable_users
    inner join reference.hourly_products using (product_code)
    union
    select org_id
    from marts.organizations
    where is_billed_by_interacting

),

-- What one basis does not cover another may. Of what was only observed a hole is no news.
ends_before as (

    select
        org_id,
        dataset,
        basis,
        max(covered_to) over (
            partition by org_id, dataset
            order by covered_from, covered_to
            rows between unbounded preceding and 1 preceding
        ) as uncovered_from,
        covered_from as uncovered_to
    from covered
    where
        dataset = 'user_presence'
        or (
            basis <> 'observed'
            and dataset in (
                'routing_status', 'message_interactions', 'resource_usage', 'voice_usage'
            )
        )

),

-- Before all of it nothing is covered; where that begins with the first row, and not where
-- somebody said, it is told if a whole cycle lies before it.
uncovered as (

    select
        org_id,
        dataset,
        coalesce(uncovered_from, '-infinity'::timestamp) as uncovered_from,
        uncovered_to,
        uncovered_from is null and basis in ('query', 'observed') as begins_with_a_row
    from ends_before

),

cycles as (

    select
        org_id,
        clock,
        cycle_start_at,
        usage_through_at,
        min(cycle_start_at) over (partition by org_id, clock) as first_cycle_at
    from marts.billing_cycles

),

holes as (

    select
        uncovered.org_id,
        uncovered.dataset,
        bool_or(uncovered.uncovered_from <= cycles.first_cycle_at) as is_before_all,
        min(greatest(uncovered.uncovered_from, cycles.cycle_start_at)) as missing_from,
        max(least(uncovered.uncovered_to, cycles.usage_through_at)) as missing_to,
        uncovered.uncovered_to
    from uncovered
    inner join cycles
        on
            uncovered.org_id = cycles.org_id
            and if(uncovered.dataset = 'voice_usage', 'voice', 'core') = cycles.clock
            and uncovered.uncovered_from < cycles.usage_through_at
            and uncovered.uncovered_to
            > if(
                uncovered.begins_with_a_row, cycles.usage_through_at, cycles.cycle_start_at
            )
    where uncovered.uncovered_from < uncovered.uncovered_to
    group by
        uncovered.org_id,
        uncovered.dataset,
        uncovered.uncovered_from,
        uncovered.uncovered_to

),

holes_counted as (

    select
        org_id,
        dataset,
        is_before_all,
        count(*) as items_count,
        min(missing_from) as first_at,
        case
            when is_before_all then min(uncovered_to) else min_by(missing_to, missing_from)
        end as last_at
    from holes
    group by org_id, dataset, is_before_all

),

-- An invoice of the vendor of which no line meets one of ours, on no date of ours.
vendor_invoices as (

    select
        vendor_lines.org_id,
        vendor_lines.invoice_number,
        vendor_lines.invoice_date,
        bool_and(vendor_lines.expected_quantity is null and invoices.org_id is null)
            as meets_none,
        bool_or(vendor_lines.reason = 'currency_differs') as is_in_other_currency
    from marts.invoice_reconciliation as vendor_lines
    left join marts.invoices
        on
            vendor_lines.org_id = invoices.org_id
            and invoices.invoice_date in (
                vendor_lines.invoice_date, vendor_lines.expected_invoice_date
            )
    where vendor_lines.invoice_number is not null
    group by vendor_lines.org_id, vendor_lines.invoice_number, vendor_lines.invoice_date

),

found as (

    select
        1 as place,
        org_id,
        if(has_reports_by_email, 'no_users_for_reports', 'no_users') as finding,
        has_reports_by_email as costs_money,
        null as dataset,
        null::bigint as items_count,
        null::timestamp as first_at,
        null::timestamp as last_at,
        null as note
    from delivered
    where
        not has_users
        and (
            has_reports_by_email
            or licenses_from is not null
            or presence_from is not null
        )
    union all
    select
        2 as place,
        org_id,
        if(licenses_from is null, 'no_license', 'no_license_before') as finding,
        true as costs_money,
        'license_assignments' as dataset,
        null as items_count,
        licenses_from as first_at,
        null as last_at,
        null as note
    from delivered
    where
        licenses_from > first_day
        or (licenses_from is null and presence_from is not null)
    union all
    select
        3 as place,
        org_id,
        'no_presence' as finding,
        true as costs_money,
        'user_presence' as dataset,
        null as items_count,
        null as first_at,
        null as last_at,
        null as note
    from delivered
    where licenses_from is not null and presence_from is null
    union all
    select
        4 as place,
        delivered.org_id,
        'no_routing' as finding,
        true as costs_money,
        'routing_status' as dataset,
        null as items_count,
        null as first_at,
        null as last_at,
        null as note
    from delivered
    inner join interacting using (org_id)
    where delivered.licenses_from is not null and delivered.routing_from is null
    union all
    select
        5 as place,
        org_id,
        effect as finding,
        true as costs_money,
        dataset,
        sum(names_count) as items_count,
        null as first_at,
        null as last_at,
        nullif(sum(names_in_users), 0)::varchar as note
    from marts.unmapped_names
    where effect in ('holder_without_presence', 'presence_without_license')
    group by org_id, dataset, effect
    union all
    select
        6 as place,
        org_id,
        'uncovered_invoices' as finding,
        true as costs_money,
        null as dataset,
        count(*) as items_count,
        min(invoice_date)::timestamp as first_at,
        null as last_at,
        arg_max(coverage_note, invoice_date) as note
    from marts.invoices
    where invoice_status = 'final' and not is_covered
    group by org_id
    union all
    select
        7 as place,
        org_id,
        if(is_before_all, 'begins_late', 'gaps') as finding,
        true as costs_money,
        dataset,
        items_count,
        first_at,
        last_at,
        null as note
    from holes_counted
    union all
    select
        8 as place,
        rejected_rows.org_id,
        'after_term' as finding,
        true as costs_money,
        null as dataset,
        count(*) as items_count,
        min(organizations.term_end_date)::timestamp as first_at,
        null as last_at,
        null as note
    from marts.rejected_rows
    inner join marts.organizations using (org_id)
    where
        rejected_rows.reason = 'outside_contract'
        and not rejected_rows.is_retired
        and rejected_rows.expected like 'a time before %, when the term ended;%'
    group by rejected_rows.org_id
    union all
    select
        9 as place,
        org_id,
        if(meets_none, 'vendor_invoice_alone', 'vendor_invoice_in_other_currency')
            as finding,
        true as costs_money,
        'vendor_invoice_lines' as dataset,
        count(*) as items_count,
        min(invoice_date)::timestamp as first_at,
        null as last_at,
        min_by(invoice_number, (invoice_date, invoice_number)) as note
    from vendor_invoices
    where meets_none or is_in_other_currency
    group by org_id, meets_none

)

select
    org_id,
    finding,
    costs_money,
    dataset,
    items_count,
    first_at,
    last_at,
    note
from found
order by org_id, place, finding, dataset
