select
    file_id || '/' || source_row as call_id,
    org_id,
    {{ masked_call_id('sip_call_id') }} as sip_call_id,
    cycle_start_date,
    started_at,
    direction,
    call_type,
    service,
    duration_seconds,
    rated_seconds,
    rate_per_minute,
    reported_cost,
    rated_cost,
    currency,
    is_short,
    is_international
from {{ ref('int_calls') }}
where is_contract_currency
