-- Accepted call records that start before as-of and inside a contract, in its currency =
-- the calls, in number, seconds and cost (TELCO-06, CYC-04).
with

expected as (

    select
        records.org_id,
        count(*) as calls_count,
        sum(records.duration_seconds)::bigint as duration_seconds,
        sum(records.reported_cost)::decimal(38, 10) as reported_cost
    from {{ ref('stg_voice_usage') }} as records
    inner join {{ ref('int_contracts') }} as contracts
        on
            records.org_id = contracts.org_id
            and records.currency = contracts.currency
    inner join {{ ref('clocks') }} as start_clocks
        on
            start_clocks.clock = 'voice'
            and contracts.in_force_from >= start_clocks.valid_from
            and contracts.in_force_from < start_clocks.valid_to
            and records.started_at
            >= contracts.in_force_from + start_clocks.cycle_starts_at
    inner join {{ ref('clocks') }} as end_clocks
        on
            end_clocks.clock = 'voice'
            and contracts.in_force_to >= end_clocks.valid_from
            and (
                contracts.in_force_to < end_clocks.valid_to
                or end_clocks.valid_to = '9999-12-31'::date
            )
            and records.started_at < contracts.in_force_to + end_clocks.cycle_starts_at
    cross join {{ ref('int_as_of') }} as build
    where
        records.row_status = 'accepted'
        and records.started_at < build.as_of_at
    group by records.org_id

),

counted as (

    select
        org_id,
        count(*) as calls_count,
        sum(duration_seconds)::bigint as duration_seconds,
        sum(reported_cost)::decimal(38, 10) as reported_cost
    from {{ ref('calls') }}
    group by org_id

)

select
    coalesce(expected.org_id, counted.org_id) as org_id,
    expected.calls_count as accepted_calls,
    counted.calls_count,
    expected.duration_seconds as accepted_seconds,
    counted.duration_seconds,
    expected.reported_cost as accepted_cost,
    counted.reported_cost
from expected
full outer join counted
    on expected.org_id = counted.org_id
where
    expected.calls_count is distinct from counted.calls_count
    or expected.duration_seconds is distinct from counted.duration_seconds
    or expected.reported_cost is distinct from counted.reported_cost
