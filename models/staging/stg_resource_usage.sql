with

landed as (

    select
        *,
        lake_rows as as_landed
    from {{ source('lake', 'resource_usage') }} as lake_rows

),

product_names as (

    select * from {{ ref('product_names') }}

),

typed as (

    select
        landed.org_id,
        landed.file_id,
        landed.source_file,
        landed.source_row,
        landed.landed_at,
        landed.parse_error,
        {{ utc_date('landed.usage_date') }} as usage_date,
        coalesce(
            product_names.product_code,
            {{ patterned_product('landed.resource', ['sms_class_']) }}
        ) as product_code,
        try_cast(
            {{ cleaned('landed.quantity') }} as decimal(24, 12)
        )::decimal(38, 12) as quantity,
        landed.as_landed
    from landed
    left join product_names
        on
            {{ product_name_key('landed.resource') }} = product_names.name_key
            and product_names.kind in ('resource', 'message', 'token_meter')

),

judged as (

    select
        *,
        case
            when parse_error is not null then parse_error
            when
                {{ cleaned('as_landed.usage_date') }} is null
                or {{ cleaned('as_landed.resource') }} is null
                or {{ cleaned('as_landed.quantity') }} is null then 'missing_value'
            when
                (usage_date is null and {{ cleaned('as_landed.usage_date') }} is not null)
                then 'not_a_timestamp'
            when
                (quantity is null and {{ cleaned('as_landed.quantity') }} is not null)
                then 'not_a_number'
            when product_code is null then 'unknown_product'
            when quantity < 0 then 'negative_quantity'
        end as reject_reason
    from typed

),

settled as (

    select
        org_id,
        file_id,
        source_file,
        source_row,
        landed_at,
        usage_date,
        product_code,
        quantity,
        reject_reason,
        {{ row_status(['usage_date', 'product_code']) }} as row_status
    from judged

)

select * from settled
