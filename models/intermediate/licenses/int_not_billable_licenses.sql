with

cycles as (

    select * from {{ ref('int_cycles') }}

),

assignments as (

    select * from {{ ref('stg_license_assignments') }}
    where row_status = 'accepted' and not is_billed

),

logged_in as (

    select * from {{ ref('int_user_time_by_cycle') }}
    where first_billable_login_at is not null

),

-- Held at any instant of the part of the cycle seen so far, by who logged in during it.
held as (

    select distinct
        assignments.org_id,
        cycles.cycle_start_date,
        assignments.user_id,
        assignments.product_code as license_id
    from assignments
    inner join cycles
        on
            assignments.org_id = cycles.org_id
            and assignments.assigned_from < cycles.usage_through_at
            and coalesce(assignments.assigned_to, '9999-12-31'::date)
            > cycles.cycle_start_at
            and assignments.assigned_from
            < coalesce(assignments.assigned_to, '9999-12-31'::date)
    semi join logged_in
        on
            assignments.org_id = logged_in.org_id
            and cycles.cycle_start_date = logged_in.cycle_start_date
            and assignments.user_id = logged_in.user_id

)

select * from held
