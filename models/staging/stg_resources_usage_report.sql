with

landed as (

    {{ landed_rows('resources_usage_report', numbers=['quantity'], dates=['date']) }}

),

product_names as (

    select * from {{ ref('product_names') }}

),

typed as (

    select
        {{ provenance() }},
        {{ utc_date('landed.date') }} as usage_date,
        landed.resource as resource_name,
        {{ product_named() }} as product_code,
        try_cast(landed.quantity as decimal(24, 12))::decimal(38, 12) as quantity
    from landed
    {{ join_product_names('landed.resource') }}

),

checked as (

    select
        * exclude (raw, parse_error),
        {{ rejection([
            ('missing_value', missing(['date', 'resource', 'quantity'])),
            ('not_a_timestamp', unreadable({'usage_date': 'date'})),
            ('not_a_number', unreadable(['quantity'])),
        ]) }}
    from typed

)

select
    *,
    {{ row_status(['usage_date', 'resource_name']) }} as row_status
from checked
