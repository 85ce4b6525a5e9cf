with

api_usage as (

    select * from {{ ref('stg_api_usage') }}
    where row_status = 'accepted'

),

resource_days as (

    select * from {{ ref('stg_resource_usage') }}
    where row_status = 'accepted' and product_code = 'api_requests'

),

-- A day that resource_usage has a figure of its own for counts with that one alone.
requests_by_day as (

    select
        api_usage.org_id,
        api_usage.usage_date,
        'api_requests' as product_code,
        sum(api_usage.requests)::decimal(38, 12) as quantity
    from api_usage
    anti join resource_days
        on
            api_usage.org_id = resource_days.org_id
            and api_usage.usage_date = resource_days.usage_date
    group by api_usage.org_id, api_usage.usage_date

)

select * from requests_by_day
