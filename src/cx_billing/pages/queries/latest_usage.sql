-- `latest_usage` is the day of the latest accepted usage (UTC), `usage_may_reach` the
-- latest it can be of: resources are published by cycle.
with

used_resources as (

    select
        org_id,
        cycle_start_date,
        'core' as clock
    from marts.resource_usage
    where used_quantity > 0

),

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
    from used_resources
    inner join marts.billing_cycles using (org_id, clock, cycle_start_date)

)

select
    coalesce(max(usage_date) filter (where is_exact), max(usage_date)) as latest_usage,
    max(usage_date) as usage_may_reach
from usage
