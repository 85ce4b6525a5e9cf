with

calls as (

    select * from {{ ref('calls') }}

),

cycles as (

    select * from {{ ref('int_cycles') }}

),

replaced_records as (

    select * from {{ ref('stg_voice_usage') }}
    where row_status = 'duplicate'

),

-- The cost if the cycle were cut at 00:00 instead of 07:00: a vendor who cuts it there
-- bills the calls of the hours between to the other cycle. Needed only where there is an
-- invoice to explain.
cut_at_midnight as (

    select
        calls.org_id,
        cycles.cycle_start_date,
        calls.service,
        sum(calls.reported_cost) as cost_at_midnight
    from calls
    inner join cycles
        on
            calls.org_id = cycles.org_id
            and calls.started_at >= cycles.cycle_start_at
            and calls.started_at < cycles.cycle_end_at
    semi join {{ ref('int_voice_cycles_invoiced') }} as voice_cycles
        on
            cycles.org_id = voice_cycles.org_id
            and cycles.cycle_start_date = voice_cycles.cycle_start_date
    group by calls.org_id, cycles.cycle_start_date, calls.service

),

-- The record a call had before, the latest if there are several. The same cost in another
-- file is the same record delivered again, not an earlier one.
earlier_records as (

    select
        calls.org_id,
        calls.cycle_start_date,
        calls.service,
        calls.reported_cost as current_cost,
        replaced_records.reported_cost as earlier_cost
    from replaced_records
    inner join calls
        on
            replaced_records.org_id = calls.org_id
            and replaced_records.sip_call_id = calls.sip_call_id
            and replaced_records.direction = calls.direction
            and replaced_records.started_at = calls.started_at
            and replaced_records.currency = calls.currency
            and (
                replaced_records.reported_cost <> calls.reported_cost
                or starts_with(calls.call_id, replaced_records.file_id || '/')
            )
    qualify
        row_number() over (
            partition by calls.call_id
            order by replaced_records.landed_at desc, replaced_records.source_row desc
        ) = 1

),

costs as (

    select
        org_id,
        cycle_start_date,
        service,
        calls_count,
        cdr_minutes,
        cdr_cost,
        rated_cost
    from {{ ref('int_calls_by_service') }}
    union all by name
    select * from cut_at_midnight
    union all by name
    select * from earlier_records

)

-- Calls over the customer's own carrier have no carrier cost and are on no telco row of an
-- invoice (TELCO-08).
select
    org_id,
    cycle_start_date,
    service,
    coalesce(sum(calls_count), 0)::bigint as calls_count,
    coalesce(sum(cdr_minutes), 0)::decimal(38, 6) as cdr_minutes,
    coalesce(sum(cdr_cost), 0)::decimal(38, 10) as cdr_cost,
    coalesce(sum(rated_cost), 0)::decimal(38, 4) as rated_cost,
    coalesce(sum(cost_at_midnight), 0)::decimal(38, 10) as cost_at_midnight,
    coalesce(sum(current_cost), 0)::decimal(38, 10) as current_cost,
    coalesce(sum(earlier_cost), 0)::decimal(38, 10) as earlier_cost
from costs
where service <> 'byoc'
group by org_id, cycle_start_date, service
