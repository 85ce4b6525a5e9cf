with

landed as (

    select
        *,
        lake_rows as as_landed
    from {{ source('lake', 'concurrent_usage_report') }} as lake_rows

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
        {{ utc_date('landed.date') }} as usage_date,
        case
            when {{ cleaned('landed.license') }} is null then 'cx_all'
            else
                coalesce(product_names.product_code, lower({{ cleaned('landed.license') }}))
        end as pool,
        try_cast(
            {{ cleaned('landed.peak_concurrent_users') }} as decimal(18, 6)
        )::decimal(38, 6)
            as peak_users,
        try_cast(
            {{ cleaned('landed.minutes_at_peak') }} as decimal(18, 6)
        )::decimal(38, 6)
            as minutes_at_peak,
        landed.as_landed
    from landed
    left join product_names
        on {{ product_name_key('landed.license') }} = product_names.name_key

),

judged as (

    select
        *,
        case
            when parse_error is not null then parse_error
            when
                {{ cleaned('as_landed.date') }} is null
                or {{ cleaned('as_landed.peak_concurrent_users') }} is null
                then 'missing_value'
            when
                (usage_date is null and {{ cleaned('as_landed.date') }} is not null)
                then 'not_a_timestamp'
            when
                (
                    peak_users is null
                    and {{ cleaned('as_landed.peak_concurrent_users') }} is not null
                )
                or (
                    minutes_at_peak is null
                    and {{ cleaned('as_landed.minutes_at_peak') }} is not null
                )
                then 'not_a_number'
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
        pool,
        peak_users,
        minutes_at_peak,
        reject_reason,
        {{ row_status(['usage_date', 'pool']) }} as row_status
    from judged

)

select * from settled
