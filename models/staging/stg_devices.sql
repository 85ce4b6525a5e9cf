with

landed as (

    {{ landed_rows('devices', dates=['in_service_date', 'out_of_service_date']) }}

),

product_names as (

    select * from {{ ref('product_names') }}
    where kind = 'device'

),

typed as (

    select
        {{ provenance() }},
        {{ masked_document('landed.device_id') }} as device_id,
        {{ product_named() }} as product_code,
        {{ utc_date('landed.in_service_date') }} as in_service_date,
        {{ exclusive_end_date('landed.out_of_service_date') }} as out_of_service_date
    from landed
    {{ join_product_names('landed.product_code') }}

),

checked as (

    select
        * exclude (raw, parse_error),
        {{ rejection([
            ('missing_value', missing(['device_id', 'product_code', 'in_service_date'])),
            ('not_a_timestamp', unreadable(['in_service_date', 'out_of_service_date'])),
            ('unknown_product', {'product_code': 'product_code is null'}),
            ('end_before_start', {
                'out_of_service_date': 'out_of_service_date < in_service_date'
            }),
        ]) }}
    from typed

)

select
    *,
    {{ row_status(['device_id', 'in_service_date']) }} as row_status
from checked
