with

landed as (

    {{ landed_rows('resource_usage', numbers=['quantity'], dates=['usage_date']) }}

),

product_names as (

    select * from {{ ref('product_names') }}
    where kind in ('resource', 'message', 'token_meter')

),

typed as (

    select
        {{ provenance() }},
        {{ utc_date('landed.usage_date') }} as usage_date,
        coalesce(
            {{ product_named() }},
            {{ patterned_product('landed.resource', ['sms_class_']) }}
        ) as product_code,
        try_cast(landed.quantity as decimal(24, 12))::decimal(38, 12) as quantity
    from landed
    {{ join_product_names('landed.resource') }}

),

checked as (

    select
        * exclude (raw, parse_error),
        {{ rejection([
            ('missing_value', missing(['usage_date', 'resource', 'quantity'])),
            ('not_a_timestamp', unreadable(['usage_date'])),
            ('not_a_number', unreadable(['quantity'])),
            ('unknown_product', {'resource': 'product_code is null'}),
            ('negative_quantity', {'quantity': 'quantity < 0'}),
        ]) }}
    from typed

)

select
    *,
    {{ row_status(['usage_date', 'product_code']) }} as row_status
from checked
