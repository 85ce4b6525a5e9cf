-- `latest_usage` is the day of the latest accepted usage (UTC), `usage_may_reach` the latest
-- it can be of: resources are published by cycle.
with

usage as (

    -- Someone who is still on is logged in for whole days until as-of: those tell no news.
    select
        usage_date,
        true as is_exact
    from marts.user_hours_daily
    where logged_in_seconds < 86400
    union all
    select
        started_at::date as usage_date,
        true as is_exact
    from marts.calls
    union all
    select
        last_interaction_at::date as usage_date,
        true as is_exact
    from marts.conversations
    union all
    select
        (billing_cycles.usage_through_at - interval 1 second)::date as usage_date,
        false as is_exact
    from marts.resource_usage
    inner join marts.billing_cycles using (org_id, cycle_start_date)
    where billing_cycles.clock = 'core' and resource_usage.used_quantity > 0

)

select
    coalesce(max(usage_date) filter (where is_exact), max(usage_date)) as latest_usage,
    max(usage_date) as usage_may_reach
from usage
