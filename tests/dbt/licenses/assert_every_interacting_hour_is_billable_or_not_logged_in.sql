-- The days' interacting hours of all who hold a product that bills by interacting time =
-- those that are counted + those of users who were never logged in (HOUR-03).
{{ config(group='licenses') }}
with

held as (

    select
        counted.org_id,
        counted.cycle_start_date,
        counted.product_code,
        sum(hours.interacting_seconds) as interacting_seconds
    from {{ ref('int_billed_users') }} as counted
    inner join {{ ref('int_cycles') }} as cycles
        on
            counted.org_id = cycles.org_id
            and counted.cycle_start_date = cycles.cycle_start_date
    inner join {{ ref('int_license_terms') }} as licenses
        on
            cycles.org_id = licenses.org_id
            and cycles.contract_id = licenses.contract_id
            and counted.product_code = licenses.product_code
            and licenses.hourly_model = 'interacting'
    inner join {{ ref('int_user_hours') }} as hours
        on
            counted.org_id = hours.org_id
            and counted.user_id = hours.user_id
            and cycles.cycle_start_date <= hours.usage_date
            and cycles.cycle_end_date > hours.usage_date
    group by counted.org_id, counted.cycle_start_date, counted.product_code

),

not_logged_in as (

    select * from {{ ref('unbilled_usage') }}
    where reason = 'not_logged_in'

)

select
    coalesce(held.org_id, not_logged_in.org_id) as org_id,
    coalesce(held.cycle_start_date, not_logged_in.cycle_start_date) as cycle_start_date,
    coalesce(held.product_code, not_logged_in.product_code) as product_code,
    held.interacting_seconds,
    license_usage.interacting_hours,
    not_logged_in.quantity as not_logged_in_hours
from held
full outer join not_logged_in
    on
        held.org_id = not_logged_in.org_id
        and held.cycle_start_date = not_logged_in.cycle_start_date
        and held.product_code = not_logged_in.product_code
left join {{ ref('license_usage') }} as license_usage
    on
        held.org_id = license_usage.org_id
        and held.cycle_start_date = license_usage.cycle_start_date
        and held.product_code = license_usage.product_code
where
    abs(
        coalesce(license_usage.interacting_hours, 0) * 3600
        + coalesce(not_logged_in.quantity, 0) * 3600
        - coalesce(held.interacting_seconds, 0)
    )
    > 0.0036
