{#- Each finding reads the calls by itself: kept for all, they would be copied whole. -#}
{#- Calls over the customer's own carrier have no carrier cost to be wrong (TELCO-08). -#}
{%- set has_cost = "calls.is_contract_currency and calls.service <> 'byoc'" -%}
with

-- What is rated has four places; what the file has beyond them is no other price.
mispriced as (

    select
        calls.*,
        'mispriced' as finding,
        calls.reported_cost - calls.rated_cost as amount
    from {{ ref('int_calls') }} as calls
    where {{ has_cost }} and abs(calls.reported_cost - calls.rated_cost) >= 0.0001

),

-- Of millions of calls few share their second and length: only those are compared.
shared_seconds as (

    select
        org_id,
        started_at,
        duration_seconds
    from {{ ref('int_calls') }} as calls
    where {{ has_cost }}
    group by org_id, started_at, duration_seconds
    having count(*) > 1

),

-- A call under another id, of the same second, numbers and length, is a twin: all but the
-- first id.
twins as (

    select
        calls.*,
        'repeated_content' as finding,
        calls.reported_cost as amount,
        first_value(calls.file_id || '/' || calls.source_row) over alike
            as repeats_call_id
    from {{ ref('int_calls') }} as calls
    semi join shared_seconds
        on
            calls.org_id = shared_seconds.org_id
            and calls.started_at = shared_seconds.started_at
            and calls.duration_seconds = shared_seconds.duration_seconds
    where
        {{ has_cost }} and calls.origin is not null and calls.destination is not null
    window
        alike as (
            partition by
                calls.org_id,
                calls.service,
                calls.started_at,
                calls.duration_seconds,
                calls.origin,
                calls.destination
            order by calls.sip_call_id, calls.file_id, calls.source_row
        )
    qualify row_number() over alike > 1

),

-- A record of a call that counts once already. The same record in another file was
-- delivered again; in one file, or at another cost, it is repeated (TELCO-07).
repeated as (

    select
        records.* replace (records.duration_seconds::bigint as duration_seconds),
        calls.cycle_start_date,
        calls.service,
        if(
            records.file_id <> calls.file_id
            and records.reported_cost = calls.reported_cost
            and records.duration_seconds = calls.duration_seconds,
            'delivered_again',
            'repeated_id'
        ) as finding,
        records.reported_cost as amount,
        calls.file_id || '/' || calls.source_row as repeats_call_id
    from {{ ref('stg_voice_usage') }} as records
    inner join {{ ref('int_calls') }} as calls
        on
            records.org_id = calls.org_id
            and records.sip_call_id = calls.sip_call_id
            and records.direction = calls.direction
            and records.started_at = calls.started_at
            and records.currency = calls.currency
    where records.row_status = 'duplicate' and {{ has_cost }}

),

-- Of one cycle by the voice clock, and of another or none by the core clock: a vendor who
-- cuts at 00:00 bills the call there (CYC-04).
between_the_clocks as (

    select
        calls.*,
        'other_cycle_at_midnight' as finding,
        calls.reported_cost as amount,
        core_cycles.cycle_start_date as other_cycle_start_date
    from {{ ref('int_calls') }} as calls
    inner join {{ ref('int_cycles') }} as cycles
        on
            calls.org_id = cycles.org_id
            and calls.cycle_start_date = cycles.cycle_start_date
            and (
                calls.started_at < cycles.cycle_start_at
                or calls.started_at >= cycles.cycle_end_at
            )
    left join {{ ref('int_cycles') }} as core_cycles
        on
            calls.org_id = core_cycles.org_id
            and calls.started_at >= core_cycles.cycle_start_at
            and calls.started_at < core_cycles.cycle_end_at
    where {{ has_cost }}

),

-- The direction decides what the call type does not name, or contradicts (TELCO-03).
unknown_services as (

    select
        calls.*,
        'unknown_service' as finding,
        calls.reported_cost as amount
    from {{ ref('int_calls') }} as calls
    where
        calls.is_contract_currency
        and calls.service in ('inbound', 'outbound')
        and (
            not regexp_matches(
                calls.call_type, 'bound|domestic|local|national|long.?distance'
            )
            or (calls.service = 'inbound' and contains(calls.call_type, 'outbound'))
            or (calls.service = 'outbound' and contains(calls.call_type, 'inbound'))
        )

),

other_currencies as (

    select
        calls.*,
        'other_currency' as finding,
        calls.reported_cost as amount
    from {{ ref('int_calls') }} as calls
    where not calls.is_contract_currency

),

-- In no figure: rejected, since no cycle of ours has the call, or the file does not say
-- whether it was called or calls.
not_counted as (

    select
        records.* replace (records.duration_seconds::bigint as duration_seconds),
        if(records.row_status = 'rejected', 'unknown_service', 'outside_every_cycle')
            as finding,
        records.reported_cost as amount
    from {{ ref('stg_voice_usage') }} as records
    cross join {{ ref('int_as_of') }} as build
    semi join {{ ref('int_cycles') }} as organizations
        on records.org_id = organizations.org_id
    anti join {{ ref('int_cycles') }} as cycles
        on
            records.org_id = cycles.org_id
            and records.row_status = 'accepted'
            and records.started_at >= cycles.voice_start_at
            and records.started_at < cycles.voice_end_at
    where
        (records.row_status = 'accepted' and records.started_at < build.as_of_at)
        or (records.row_status = 'rejected' and records.reject_column = 'direction')

),

findings as (

    {% for finding in [
        'mispriced', 'twins', 'repeated', 'between_the_clocks', 'unknown_services',
        'other_currencies', 'not_counted',
    ] %}
        select * from {{ finding }}
        {{ 'union all by name' if not loop.last }}
    {% endfor %}

)

select
    file_id || '/' || source_row as call_id,
    finding,
    org_id,
    cycle_start_date,
    other_cycle_start_date,
    repeats_call_id,
    sip_call_id,
    started_at,
    direction,
    call_type,
    service,
    origin,
    destination,
    duration_seconds,
    rated_seconds,
    rate_per_minute,
    reported_cost,
    rated_cost,
    amount::decimal(28, 10) as amount,
    currency
from findings
