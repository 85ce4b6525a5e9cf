with

landed as (

    select
        *,
        lake_rows as as_landed
    from {{ source('lake', 'orders') }} as lake_rows

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
        {{ cleaned('landed.order_id') }} as order_id,
        coalesce(product_names.product_code, lower({{ cleaned('landed.product_code') }}))
            as product_code,
        try_cast(
            {{ cleaned('landed.quantity') }} as decimal(24, 12)
        )::decimal(38, 12) as quantity,
        try_cast(
            {{ cleaned('landed.unit_price') }} as decimal(18, 10)
        )::decimal(28, 10) as unit_price,
        {{ utc_date('landed.ordered_date') }} as ordered_date,
        {{ utc_date('landed.shipped_date') }} as shipped_date,
        coalesce(try_cast({{ cleaned('landed.is_hardware') }} as boolean), false)
            as is_hardware,
        {{ cleaned('landed.is_hardware') }} is null
        or try_cast({{ cleaned('landed.is_hardware') }} as boolean) is not null
            as is_hardware_readable,
        landed.as_landed
    from landed
    left join product_names
        on {{ product_name_key('landed.product_code') }} = product_names.name_key

),

judged as (

    select
        *,
        case
            when parse_error is not null then parse_error
            when
                {{ cleaned('as_landed.order_id') }} is null
                or {{ cleaned('as_landed.product_code') }} is null
                or {{ cleaned('as_landed.quantity') }} is null
                or {{ cleaned('as_landed.unit_price') }} is null
                or {{ cleaned('as_landed.ordered_date') }} is null then 'missing_value'
            when
                (
                    ordered_date is null
                    and {{ cleaned('as_landed.ordered_date') }} is not null
                )
                or (
                    shipped_date is null
                    and {{ cleaned('as_landed.shipped_date') }} is not null
                )
                then 'not_a_timestamp'
            when
                (quantity is null and {{ cleaned('as_landed.quantity') }} is not null)
                or (
                    unit_price is null
                    and {{ cleaned('as_landed.unit_price') }} is not null
                )
                then 'not_a_number'
            when not is_hardware_readable then 'unknown_value'
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
        order_id,
        product_code,
        quantity,
        unit_price,
        ordered_date,
        shipped_date,
        is_hardware,
        reject_reason,
        {{ row_status(['order_id']) }} as row_status
    from judged

)

select * from settled
