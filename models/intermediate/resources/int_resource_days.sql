with

resource_days as (

    select * from {{ ref('stg_resource_usage') }}
    where row_status = 'accepted'

),

-- A day for which resource_usage has API requests of its own counts with those alone
-- (FU-08).
request_days as (

    select
        api_usage.org_id,
        api_usage.usage_date,
        'api_requests' as product_code,
        sum(api_usage.requests)::decimal(38, 12) as quantity
    from {{ ref('stg_api_usage') }} as api_usage
    anti join resource_days
        on
            api_usage.org_id = resource_days.org_id
            and api_usage.usage_date = resource_days.usage_date
            and resource_days.product_code = 'api_requests'
    where api_usage.row_status = 'accepted'
    group by api_usage.org_id, api_usage.usage_date

),

delivered_days as (

    select
        org_id,
        usage_date,
        product_code,
        quantity
    from resource_days
    union all
    select * from request_days

)

-- Only what is known as of the build.
select delivered_days.*
from delivered_days
cross join {{ ref('int_as_of') }} as build
where delivered_days.usage_date < build.as_of_date
