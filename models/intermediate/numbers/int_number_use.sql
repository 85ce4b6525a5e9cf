with

cycles as (

    select * from {{ ref('int_cycles') }}
    where is_voice_closed

),

-- Numbers that were held, of cycles that are over.
held as (

    select
        numbers.*,
        {{ number_digits('numbers.phone_number') }} as digits
    from {{ ref('int_numbers_by_cycle') }} as numbers
    semi join cycles
        on
            numbers.org_id = cycles.org_id
            and numbers.cycle_start_date = cycles.cycle_start_date
    where numbers.days_held > 0

),

reach as (

    select
        org_id,
        bool_and(basis = 'observed') as is_only_observed,
        min(covered_from) as covered_from,
        max(covered_to) as covered_to,
        max(last_row_at) as last_row_at
    from {{ ref('int_coverage') }}
    where dataset = 'voice_usage'
    group by org_id

),

gaps as (

    select * from {{ ref('int_coverage_gaps') }}
    where dataset = 'voice_usage'

),

-- Cycles of which all calls are there, from the first day to the end of the voice cycle.
covered as (

    select
        cycles.org_id,
        cycles.cycle_start_date
    from cycles
    inner join reach
        on
            cycles.org_id = reach.org_id
            and cycles.cycle_start_date >= reach.covered_from::date
            and if(reach.is_only_observed, reach.last_row_at, reach.covered_to)
            >= cycles.voice_end_at
    anti join gaps
        on
            cycles.org_id = gaps.org_id
            and cycles.voice_start_at < gaps.gap_to
            and cycles.voice_end_at > gaps.gap_from

),

-- Both ends of every call: a number may have been called, or have called.
call_ends as (

    {% for number in ['origin', 'destination'] %}
        select
            org_id,
            cycle_start_date,
            {{ number_digits(number) }} as digits
        from {{ ref('int_calls') }}
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

wanted as (

    select distinct
        org_id,
        cycle_start_date,
        digits
    from held

),

calls as (

    select
        wanted.org_id,
        wanted.cycle_start_date,
        wanted.digits,
        count(*)::bigint as calls_count
    from call_ends
    inner join wanted
        on
            call_ends.org_id = wanted.org_id
            and call_ends.cycle_start_date = wanted.cycle_start_date
            and call_ends.digits = wanted.digits
    group by wanted.org_id, wanted.cycle_start_date, wanted.digits

)

select
    held.org_id,
    held.cycle_start_date,
    held.phone_number,
    held.number_type,
    held.purchased_date,
    held.days_held,
    coalesce(calls.calls_count, 0) as calls_count,
    case
        when calls.calls_count > 0 then 'in_use'
        when covered.org_id is null then 'use_not_known'
        else 'never_used'
    end as finding
from held
left join calls
    on
        held.org_id = calls.org_id
        and held.cycle_start_date = calls.cycle_start_date
        and held.digits = calls.digits
left join covered
    on
        held.org_id = covered.org_id
        and held.cycle_start_date = covered.cycle_start_date
