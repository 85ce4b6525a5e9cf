select cycle_end_date
from marts.billing_cycles
where
    org_id = $org_id
    and cycle_start_date = $cycle_start_date
    and clock = 'core'
