with

landed as (

    select
        *,
        lake_rows as as_landed
    from {{ source('lake', 'billable_usage_report') }} as lake_rows

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
        {{ cleaned('landed.charge_name') }} as charge_name,
        product_names.product_code,
        lower({{ cleaned('landed.entity') }}) as entity,
        {{ utc_timestamp('landed.timestamp') }} as first_login_at,
        landed.as_landed
    from landed
    left join product_names
        on {{ product_name_key('landed.charge_name') }} = product_names.name_key

),

judged as (

    select
        *,
        case
            when parse_error is not null then parse_error
            when
                {{ cleaned('as_landed.charge_name') }} is null
                or {{ cleaned('as_landed.entity') }} is null
                or {{ cleaned('as_landed.timestamp') }} is null then 'missing_value'
            when
                first_login_at is null
                and {{ cleaned('as_landed.timestamp') }} is not null
                then 'not_a_timestamp'
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
        charge_name,
        product_code,
        entity,
        first_login_at,
        reject_reason,
        {{ row_status(['charge_name', 'entity', 'first_login_at']) }} as row_status
    from judged

)

select * from settled
