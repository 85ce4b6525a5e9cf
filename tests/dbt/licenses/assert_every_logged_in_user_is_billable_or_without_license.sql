-- Per cycle: users with time in the daily hours = users who count for a product + users
-- without any license + users of whose licenses none is billed + accounts that count by
-- assignment (LIC-11). No user is lost or invented (LIC-01, NAMED-01).
with

logged_in as (

    select
        hours.org_id,
        cycles.cycle_start_date,
        count(distinct hours.user_id) as logged_in_users
    from {{ ref('user_hours_daily') }} as hours
    inner join {{ ref('billing_cycles') }} as cycles
        on
            hours.org_id = cycles.org_id
            and hours.usage_date >= cycles.cycle_start_date
            and hours.usage_date < cycles.cycle_end_date
            and cycles.clock = 'core'
    where hours.logged_in_seconds > 0
    group by hours.org_id, cycles.cycle_start_date

),

billable as (

    select
        org_id,
        cycle_start_date,
        count(distinct user_id) as users_count
    from {{ ref('billable_users') }}
    group by org_id, cycle_start_date

),

without_license as (

    select
        org_id,
        cycle_start_date,
        quantity as users_count
    from {{ ref('unbilled_usage') }}
    where reason = 'user_without_license'

),

with_license_not_billed as (

    select
        holders.org_id,
        holders.cycle_start_date,
        count(distinct holders.user_id) as users_count
    from {{ ref('int_not_billable_licenses') }} as holders
    anti join {{ ref('int_billable_users') }} as billable_users
        on
            holders.org_id = billable_users.org_id
            and holders.cycle_start_date = billable_users.cycle_start_date
            and holders.user_id = billable_users.user_id
    group by holders.org_id, holders.cycle_start_date

),

accounts_alone as (

    select
        assigned.org_id,
        assigned.cycle_start_date,
        count(distinct assigned.user_id) as users_count
    from {{ ref('int_assigned_accounts') }} as assigned
    semi join {{ ref('int_user_time_by_cycle') }} as user_time
        on
            assigned.org_id = user_time.org_id
            and assigned.cycle_start_date = user_time.cycle_start_date
            and assigned.user_id = user_time.user_id
            and user_time.first_billable_login_at is not null
    anti join {{ ref('int_billable_users') }} as billable_users
        on
            assigned.org_id = billable_users.org_id
            and assigned.cycle_start_date = billable_users.cycle_start_date
            and assigned.user_id = billable_users.user_id
    anti join {{ ref('int_not_billable_licenses') }} as holders
        on
            assigned.org_id = holders.org_id
            and assigned.cycle_start_date = holders.cycle_start_date
            and assigned.user_id = holders.user_id
    group by assigned.org_id, assigned.cycle_start_date

),

accounted as (

    select
        org_id,
        cycle_start_date,
        sum(users_count) as accounted_users
    from (
        select * from billable
        union all
        select * from without_license
        union all
        select * from with_license_not_billed
        union all
        select * from accounts_alone
    ) as all_kinds
    group by org_id, cycle_start_date

)

select
    coalesce(logged_in.org_id, accounted.org_id) as org_id,
    coalesce(logged_in.cycle_start_date, accounted.cycle_start_date) as cycle_start_date,
    logged_in.logged_in_users,
    accounted.accounted_users
from logged_in
full outer join accounted
    on
        logged_in.org_id = accounted.org_id
        and logged_in.cycle_start_date = accounted.cycle_start_date
where logged_in.logged_in_users is distinct from accounted.accounted_users
