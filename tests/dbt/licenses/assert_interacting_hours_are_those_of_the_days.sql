-- The interacting hours of a product are those of its billable users, day by day; the same
-- hours count for the license and for each add-on (HOUR-03).
with

by_product as (

    select
        billable_users.org_id,
        billable_users.cycle_start_date,
        billable_users.product_code,
        sum(hours.interacting_seconds) as interacting_seconds
    from {{ ref('billable_users') }} as billable_users
    inner join {{ ref('billing_cycles') }} as cycles
        on
            billable_users.org_id = cycles.org_id
            and billable_users.cycle_start_date = cycles.cycle_start_date
            and cycles.clock = 'core'
    inner join {{ ref('user_hours_daily') }} as hours
        on
            billable_users.org_id = hours.org_id
            and billable_users.user_id = hours.user_id
            and cycles.cycle_start_date <= hours.usage_date
            and cycles.cycle_end_date > hours.usage_date
    group by
        billable_users.org_id,
        billable_users.cycle_start_date,
        billable_users.product_code

)

select
    license_usage.org_id,
    license_usage.cycle_start_date,
    license_usage.product_code,
    license_usage.interacting_hours,
    by_product.interacting_seconds
from {{ ref('license_usage') }} as license_usage
left join by_product
    on
        license_usage.org_id = by_product.org_id
        and license_usage.cycle_start_date = by_product.cycle_start_date
        and license_usage.product_code = by_product.product_code
where
    abs(
        license_usage.interacting_hours * 3600
        - coalesce(by_product.interacting_seconds, 0)
    )
    > 0.0018
