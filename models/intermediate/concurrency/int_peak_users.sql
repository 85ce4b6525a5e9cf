with

licenses as (

    select * from {{ ref('int_license_usage') }}
    where license_model = 'concurrent'

),

peaks as (

    select peaks.*
    from {{ ref('int_peaks') }} as peaks
    semi join licenses
        on
            peaks.org_id = licenses.org_id
            and peaks.cycle_start_date = licenses.cycle_start_date
            and peaks.pool = licenses.product_code
    where peaks.billable_users > 0

),

steps as (

    select * from {{ ref('int_concurrency_steps') }}

),

members as (

    select * from {{ ref('int_billed_users') }}

),

logged_in_periods as (

    select * from {{ ref('int_active_periods_by_cycle') }}
    where feed = 'presence'

),

-- Whatever the reading, some step has exactly the billed number: were there always more
-- users, more would be billed. The first is the witness, of a sustained peak within its
-- stretch.
witnesses as (

    select
        peaks.org_id,
        peaks.cycle_start_date,
        peaks.pool,
        min(steps.started_at) as witness_started_at,
        min_by(steps.ended_at, steps.started_at) as witness_ended_at
    from peaks
    inner join steps
        on
            peaks.org_id = steps.org_id
            and peaks.cycle_start_date = steps.cycle_start_date
            and peaks.pool = steps.pool
            and peaks.billable_users = steps.users_count
            and (
                peaks.peak_started_at is null
                or (
                    peaks.peak_started_at <= steps.started_at
                    and peaks.peak_ended_at > steps.started_at
                )
            )
    group by peaks.org_id, peaks.cycle_start_date, peaks.pool

)

-- Nobody comes or goes within a step: who is on at its start is on to its end.
select
    witnesses.org_id,
    witnesses.cycle_start_date,
    witnesses.pool,
    members.user_id,
    logged_in_periods.started_at,
    logged_in_periods.ended_at,
    witnesses.witness_started_at,
    witnesses.witness_ended_at
from witnesses
inner join members
    on
        witnesses.org_id = members.org_id
        and witnesses.cycle_start_date = members.cycle_start_date
        and witnesses.pool = members.product_code
inner join logged_in_periods
    on
        members.org_id = logged_in_periods.org_id
        and members.cycle_start_date = logged_in_periods.cycle_start_date
        and members.user_id = logged_in_periods.user_id
        and witnesses.witness_started_at >= logged_in_periods.started_at
        and witnesses.witness_started_at < logged_in_periods.ended_at
