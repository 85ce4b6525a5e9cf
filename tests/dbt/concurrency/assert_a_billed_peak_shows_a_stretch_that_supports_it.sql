-- A peak billed under the sustained rule names an unbroken stretch of at least the policy's
-- minutes, inside the cycle, in which never fewer users were logged in (CONC-02, CONC-07).
{{ config(group='concurrency') }}
with

peaks as (

    select
        peaks.*,
        cycles.cycle_start_at,
        cycles.usage_through_at,
        policies.peak_minimum_minutes
    from {{ ref('concurrency_peaks') }} as peaks
    inner join {{ ref('billing_cycles') }} as cycles
        on
            peaks.org_id = cycles.org_id
            and peaks.cycle_start_date = cycles.cycle_start_date
            and cycles.clock = 'core'
    inner join {{ ref('billing_policies') }} as policies
        on
            peaks.cycle_start_date >= policies.valid_from
            and peaks.cycle_start_date < policies.valid_to
    where peaks.peak_rule = 'sustained' and peaks.billable_users > 0

),

supported as (

    select
        peaks.org_id,
        peaks.cycle_start_date,
        peaks.pool,
        min(steps.users_count) as fewest_users,
        sum(
            epoch_us(least(steps.ended_at, peaks.peak_ended_at))
            - epoch_us(greatest(steps.started_at, peaks.peak_started_at))
        ) as covered_us
    from peaks
    inner join {{ ref('int_concurrency_steps') }} as steps
        on
            peaks.org_id = steps.org_id
            and peaks.cycle_start_date = steps.cycle_start_date
            and peaks.pool = steps.pool
            and peaks.peak_started_at < steps.ended_at
            and peaks.peak_ended_at > steps.started_at
    group by peaks.org_id, peaks.cycle_start_date, peaks.pool

)

select
    peaks.org_id,
    peaks.cycle_start_date,
    peaks.pool,
    peaks.billable_users,
    peaks.peak_started_at,
    peaks.peak_ended_at,
    supported.fewest_users
from peaks
left join supported
    on
        peaks.org_id = supported.org_id
        and peaks.cycle_start_date = supported.cycle_start_date
        and peaks.pool = supported.pool
where
    supported.org_id is null
    or peaks.peak_started_at < peaks.cycle_start_at
    or peaks.peak_ended_at > peaks.usage_through_at
    or peaks.peak_ended_at - peaks.peak_started_at
    < peaks.peak_minimum_minutes * interval 1 minute
    or supported.covered_us
    <> epoch_us(peaks.peak_ended_at) - epoch_us(peaks.peak_started_at)
    or supported.fewest_users < peaks.billable_users
