-- Calls over the customer's own carrier carry platform minutes, not carrier cost; they are
-- kept apart before anything is reconciled (TELCO-08).
select
    org_id,
    cycle_start_date,
    service,
    count(*)::bigint as calls_count,
    (sum(rated_seconds // 6) * 0.1)::decimal(38, 6) as cdr_minutes,
    sum(reported_cost)::decimal(38, 10) as cdr_cost,
    sum(rated_cost)::decimal(38, 4) as rated_cost,
    coalesce(sum(rated_seconds // 6) filter (where is_international) * 0.1, 0)
    ::decimal(38, 6) as international_minutes,
    coalesce(sum(reported_cost) filter (where is_international), 0)::decimal(38, 10)
        as international_cost
from {{ ref('calls') }}
group by org_id, cycle_start_date, service
