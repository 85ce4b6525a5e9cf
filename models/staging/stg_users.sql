with

landed as (

    select
        *,
        lake_rows as as_landed
    from {{ source('lake', 'users') }} as lake_rows

),

typed as (

    select
        landed.org_id,
        landed.file_id,
        landed.source_file,
        landed.source_row,
        landed.landed_at,
        landed.parse_error,
        {{ cleaned('landed.user_id') }} as user_id,
        lower({{ cleaned('landed.email') }}) as email,
        {{ cleaned('landed.name') }} as user_name,
        landed.as_landed
    from landed

),

judged as (

    select
        *,
        case
            when parse_error is not null then parse_error
            when {{ cleaned('as_landed.user_id') }} is null then 'missing_value'
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
        user_id,
        email,
        user_name,
        reject_reason,
        {{ row_status(['user_id']) }} as row_status
    from judged

)

select * from settled
