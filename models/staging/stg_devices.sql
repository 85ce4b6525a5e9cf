with

landed as (

    {{ landed_rows('devices') }}

),

product_names as (

    select * from {{ ref('product_names') }}
    where kind = 'device'

),

typed as (

    select
        {{ provenance() }},
        landed.device_id,
        product_names.product_code,
        {{ utc_date('landed.in_service_date') }} as in_service_date,
        {{ exclusive_end_date('landed.out_of_service_date') }} as out_of_service_date
    from landed
    left join product_names
        on {{ product_name_key('landed.product_code') }} = product_names.name_key

),

checked as (

    select
        * exclude (raw, parse_error),
        case
            when parse_error is not null then parse_error
            when {{ missing(['device_id', 'product_code', 'in_service_date']) }}
                then 'missing_value'
            when {{ unreadable(
                ['in_service_date', 'out_of_service_date']
            ) }} then 'not_a_timestamp'
            when product_code is null then 'unknown_product'
            when out_of_service_date < in_service_date then 'end_before_start'
        end as reject_reason
    from typed

)

select
    *,
    {{ row_status(['device_id', 'in_service_date']) }} as row_status
from checked
