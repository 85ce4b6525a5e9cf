with

replaced as (

    select * from {{ ref('stg_voice_usage') }}
    where row_status = 'duplicate'

),

-- The record a call had before. One of another file with the same cost is the same record
-- delivered again and says nothing.
earlier_records as (

    select
        calls.org_id,
        calls.cycle_start_date,
        calls.service,
        calls.reported_cost as current_cost,
        replaced.reported_cost as earlier_cost
    from replaced
    inner join {{ ref('calls') }} as calls
        on
            replaced.org_id = calls.org_id
            and replaced.sip_call_id = calls.sip_call_id
            and replaced.direction = calls.direction
            and replaced.started_at = calls.started_at
            and replaced.currency = calls.currency
            and (
                replaced.reported_cost <> calls.reported_cost
                or starts_with(calls.call_id, replaced.file_id || '/')
            )
    qualify
        row_number() over (
            partition by calls.call_id
            order by replaced.landed_at desc, replaced.source_row desc
        ) = 1

)

-- Calls with more than one record, to explain a variance by a vendor who billed each of
-- them, or the earlier one (TELCO-07).
select
    org_id,
    cycle_start_date,
    service,
    sum(current_cost)::decimal(38, 10) as current_cost,
    sum(earlier_cost)::decimal(38, 10) as earlier_cost
from earlier_records
group by org_id, cycle_start_date, service
