with

landed as (

    {{ landed_rows('resource_usage') }}

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
            product_names.product_code,
            {{ patterned_product('landed.resource', ['sms_class_']) }}
        ) as product_code,
        try_cast(landed.quantity as decimal(24, 12))::decimal(38, 12) as quantity
    from landed
    left join product_names
        on {{ product_name_key('landed.resource') }} = product_names.name_key

),

checked as (

    select
        * exclude (raw, parse_error),
        case
            when parse_error is not null then parse_error
            when {{ missing(['usage_date', 'resource', 'quantity']) }} then 'missing_value'
            when {{ unreadable(['usage_date']) }} then 'not_a_timestamp'
            when {{ unreadable(['quantity']) }} then 'not_a_number'
            when product_code is null then 'unknown_product'
            when quantity < 0 then 'negative_quantity'
        end as reject_reason
    from typed

)

select
    *,
    {{ row_status(['usage_date', 'product_code']) }} as row_status
from checked
