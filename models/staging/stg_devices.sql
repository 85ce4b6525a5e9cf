with

landed as (

    select
        *,
        lake_rows as as_landed
    from {{ source('lake', 'devices') }} as lake_rows

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
        {{ cleaned('landed.device_id') }} as device_id,
        product_names.product_code,
        {{ utc_date('landed.in_service_date') }} as in_service_date,
        {{ exclusive_end_date('landed.out_of_service_date') }} as out_of_service_date,
        landed.as_landed
    from landed
    left join product_names
        on
            {{ product_name_key('landed.product_code') }} = product_names.name_key
            and product_names.kind = 'device'

),

judged as (

    select
        *,
        case
            when parse_error is not null then parse_error
            when
                {{ cleaned('as_landed.device_id') }} is null
                or {{ cleaned('as_landed.product_code') }} is null
                or {{ cleaned('as_landed.in_service_date') }} is null then 'missing_value'
            when
                (
                    in_service_date is null
                    and {{ cleaned('as_landed.in_service_date') }} is not null
                )
                or (
                    out_of_service_date is null
                    and {{ cleaned('as_landed.out_of_service_date') }} is not null
                )
                then 'not_a_timestamp'
            when product_code is null then 'unknown_product'
            when out_of_service_date < in_service_date then 'end_before_start'
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
        device_id,
        product_code,
        in_service_date,
        out_of_service_date,
        reject_reason,
        {{ row_status(['device_id', 'in_service_date']) }} as row_status
    from judged

)

select * from settled
