with

rows_in_time as (

    select * from {{ ref('int_rows_timed') }}

),

build as (

    select * from {{ ref('int_as_of') }}

),

contracts as (

    select * from {{ ref('int_contracts_checked') }}
    where reject_reason is null

),

clocks as (

    select * from {{ ref('clocks') }}

),

-- From the hour that is valid on the first day to the one valid on the last (X3).
coverage as (

    select
        in_force.org_id,
        start_clocks.clock,
        in_force.in_force_from + start_clocks.cycle_starts_at as covered_from,
        in_force.in_force_to + end_clocks.cycle_starts_at as covered_to
    from {{ ref('int_contracts') }} as in_force
    inner join clocks as start_clocks
        on
            in_force.in_force_from >= start_clocks.valid_from
            and in_force.in_force_from < start_clocks.valid_to
    inner join clocks as end_clocks
        on
            start_clocks.clock = end_clocks.clock
            and in_force.in_force_to >= end_clocks.valid_from
            and (
                in_force.in_force_to < end_clocks.valid_to
                or end_clocks.valid_to = '9999-12-31'::date
            )
    union all
    select
        org_id,
        'date' as clock,
        in_force_from::timestamp as covered_from,
        in_force_to::timestamp as covered_to
    from {{ ref('int_contracts') }}

),

ends as (

    select
        org_id,
        clock,
        max(covered_to) as covered_to
    from coverage
    group by org_id, clock

),

contracted_organizations as (

    select distinct org_id from contracts

),

without_contract as (

    select
        rows_in_time.dataset,
        rows_in_time.org_id,
        rows_in_time.file_id,
        rows_in_time.source_row,
        'no_contract' as reject_reason
    from rows_in_time
    anti join contracted_organizations
        on rows_in_time.org_id = contracted_organizations.org_id

),

-- What is at or after as-of is ignored, not rejected.
to_be_covered as (

    select
        rows_in_time.dataset,
        rows_in_time.clock,
        rows_in_time.org_id,
        rows_in_time.file_id,
        rows_in_time.source_row,
        rows_in_time.starts_at,
        rows_in_time.timed_by,
        coalesce(rows_in_time.ends_at, build.as_of_at) as ends_at
    from rows_in_time
    inner join contracted_organizations
        on rows_in_time.org_id = contracted_organizations.org_id
    cross join build
    where rows_in_time.starts_at < build.as_of_at

),

outside_contract as (

    select
        to_be_covered.dataset,
        to_be_covered.org_id,
        to_be_covered.file_id,
        to_be_covered.source_row,
        'outside_contract' as reject_reason,
        to_be_covered.timed_by as reject_column,
        ends.covered_to is not null as is_after_term,
        'a time before ' || ends.covered_to::date || ', when the term ended; '
        || 'after_term = month_to_month bills on' as reject_expected
    from to_be_covered
    left join ends
        on
            to_be_covered.org_id = ends.org_id
            and to_be_covered.clock = ends.clock
            and to_be_covered.starts_at >= ends.covered_to
    anti join coverage
        on
            to_be_covered.org_id = coverage.org_id
            and to_be_covered.clock = coverage.clock
            and to_be_covered.starts_at < coverage.covered_to
            and (
                to_be_covered.ends_at > coverage.covered_from
                or to_be_covered.starts_at >= coverage.covered_from
            )

),

items_without_contract as (

    select
        'contract_items' as dataset,
        items.org_id,
        items.file_id,
        items.source_row,
        case
            when contracted_organizations.org_id is null then 'no_contract'
            else 'unknown_contract'
        end as reject_reason,
        if(contracted_organizations.org_id is null, null, 'contract_id') as reject_column
    from {{ ref('stg_contract_items') }} as items
    anti join contracts
        on
            items.org_id = contracts.org_id
            and items.contract_id = contracts.contract_id
    left join contracted_organizations
        on items.org_id = contracted_organizations.org_id
    where items.row_status = 'accepted'

),

calls_in_other_currency as (

    select
        'voice_usage' as dataset,
        org_id,
        file_id,
        source_row,
        'currency_mismatch' as reject_reason,
        'currency' as reject_column
    from {{ ref('int_calls') }}
    where not is_contract_currency

),

contracts_in_conflict as (

    select
        'contracts' as dataset,
        org_id,
        file_id,
        source_row,
        reject_reason,
        if(reject_reason = 'currency_mismatch', 'currency', 'effective_date')
            as reject_column
    from {{ ref('int_contracts_checked') }}
    where reject_reason is not null

),

rejected as (

    select * from contracts_in_conflict
    union all by name
    select * from without_contract
    union all by name
    select * from outside_contract
    union all by name
    select * from items_without_contract
    union all by name
    select * from calls_in_other_currency

)

select
    dataset,
    org_id,
    file_id,
    source_row,
    reject_reason,
    reject_column,
    reject_expected,
    coalesce(is_after_term, false) as is_after_term
from rejected
