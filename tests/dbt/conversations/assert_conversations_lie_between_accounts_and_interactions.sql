-- An account has at least one conversation per platform, a conversation at least one
-- interaction (CONV-01, CONV-04).
with

measured as (

    select
        org_id,
        cycle_start_date,
        platform,
        count(distinct customer_account) as accounts_count,
        count(*) as interactions_count
    from {{ ref('int_interactions_by_cycle') }}
    where customer_account is not null and is_conversation
    group by org_id, cycle_start_date, platform

),

billed as (

    select
        org_id,
        cycle_start_date,
        platform,
        count(*) as conversations_count
    from {{ ref('conversations') }}
    group by org_id, cycle_start_date, platform

)

select
    measured.org_id,
    measured.cycle_start_date,
    measured.platform,
    measured.accounts_count,
    billed.conversations_count,
    measured.interactions_count
from measured
left join billed
    on
        measured.org_id = billed.org_id
        and measured.cycle_start_date = billed.cycle_start_date
        and measured.platform = billed.platform
where
    coalesce(billed.conversations_count, 0)
    not between measured.accounts_count and measured.interactions_count
