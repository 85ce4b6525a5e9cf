select
    org_id || '/' || clock || '/' || cycle_start_date as billing_cycle_id,
    org_id,
    clock,
    cycle_number,
    cycle_start_at,
    cycle_end_at,
    cycle_start_date,
    cycle_end_date,
    phase,
    is_last_ramp_cycle,
    is_closed,
    usage_through_at
from {{ ref('int_cycles') }}
