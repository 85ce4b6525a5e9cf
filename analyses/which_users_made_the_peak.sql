-- Which users made the billed peak? Every user of the pool who was logged in during the
-- stretch that supports it, and for how much of it. Paste into `duckdb
-- <home>/cx_billing.duckdb`, started in the home, after attaching the newest build's private
-- file: `attach 'builds/<n>/cx_billing_private.duckdb' as private (read_only);`. The periods
-- are from there: they may change their name, the marts will not.
set variable org_id = 'harbor-bank';
set variable cycle_start_date = date '2026-01-01';
set variable pool = 'cx3';

with

peak as (

    from marts.concurrency_peaks
    where
        org_id = getvariable('org_id')
        and cycle_start_date = getvariable('cycle_start_date')
        and pool = getvariable('pool')

),

members as (

    select distinct
        users.org_id,
        users.cycle_start_date,
        users.user_id
    from marts.billable_users as users
    inner join reference.products as products using (product_code)
    where
        users.product_code = getvariable('pool')
        or (getvariable('pool') = 'cx_all' and products.is_cx)

)

select
    periods.user_id,
    peak.peak_started_at,
    peak.peak_ended_at,
    greatest(periods.started_at, peak.peak_started_at) as logged_in_from,
    least(periods.ended_at, peak.peak_ended_at) as logged_in_to,
    peak.billable_users
from peak
inner join members using (org_id, cycle_start_date)
inner join private.intermediate.int_active_periods_by_cycle as periods
    using (org_id, cycle_start_date, user_id)
where
    periods.feed = 'presence'
    and periods.started_at < peak.peak_ended_at
    and periods.ended_at > peak.peak_started_at
order by logged_in_from, periods.user_id;
