with

landed as (

    select
        *,
        lake_rows as as_landed
    from {{ source('lake', 'user_hour_report') }} as lake_rows

),

typed as (

    select
        landed.org_id,
        landed.file_id,
        landed.source_file,
        landed.source_row,
        landed.landed_at,
        landed.parse_error,
        lower({{ cleaned('landed.user') }}) as user_name,
        {{ utc_date('landed.date') }} as usage_date,
        case
            when {{ cleaned('landed.duration') }} similar to '\d{1,4}:\d+:\d+:\d+'
                then
                    split_part({{ cleaned('landed.duration') }}, ':', 1)::integer * 3600
                    + try_cast(
                        split_part({{ cleaned('landed.duration') }}, ':', 2) as smallint
                    )::integer * 60
                    + try_cast(
                        split_part({{ cleaned('landed.duration') }}, ':', 3) as smallint
                    )
                    + try_cast(
                        split_part({{ cleaned('landed.duration') }}, ':', 4) as smallint
                    ) * 0.001
        end::decimal(38, 6) as logged_in_seconds,
        landed.as_landed
    from landed

),

judged as (

    select
        *,
        case
            when parse_error is not null then parse_error
            when
                {{ cleaned('as_landed.user') }} is null
                or {{ cleaned('as_landed.date') }} is null
                or {{ cleaned('as_landed.duration') }} is null then 'missing_value'
            when
                (usage_date is null and {{ cleaned('as_landed.date') }} is not null)
                then 'not_a_timestamp'
            when
                logged_in_seconds is null
                and {{ cleaned('as_landed.duration') }} is not null
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
        user_name,
        usage_date,
        logged_in_seconds,
        reject_reason,
        {{ row_status(['user_name', 'usage_date']) }} as row_status
    from judged

)

select * from settled
