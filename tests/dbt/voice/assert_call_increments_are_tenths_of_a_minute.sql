-- Minutes and costs are computed in tenths of a minute: an increment of calls that is no
-- multiple of six seconds would be cut silently (VOICE-03).
select
    valid_from,
    call_increment_seconds
from {{ ref('billing_policies') }}
where call_increment_seconds % 6 <> 0 or call_increment_seconds <= 0
