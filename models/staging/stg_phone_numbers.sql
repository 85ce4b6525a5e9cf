with

landed as (

    select
        *,
        lake_rows as as_landed
    from {{ source('lake', 'phone_numbers') }} as lake_rows

),

typed as (

    select
        landed.org_id,
        landed.file_id,
        landed.source_file,
        landed.source_row,
        landed.landed_at,
        landed.parse_error,
        {{ cleaned('landed.phone_number') }} as phone_number,
        lower({{ cleaned('landed.number_type') }}) as number_type,
        {{ utc_date('landed.purchased_date') }} as purchased_date,
        {{ exclusive_end_date('landed.released_date') }} as released_date,
        landed.as_landed
    from landed

),

judged as (

    select
        *,
        case
            when parse_error is not null then parse_error
            when
                {{ cleaned('as_landed.phone_number') }} is null
                or {{ cleaned('as_landed.number_type') }} is null
                or {{ cleaned('as_landed.purchased_date') }} is null then 'missing_value'
            when
                (
                    purchased_date is null
                    and {{ cleaned('as_landed.purchased_date') }} is not null
                )
                or (
                    released_date is null
                    and {{ cleaned('as_landed.released_date') }} is not null
                )
                then 'not_a_timestamp'
            when released_date < purchased_date then 'end_before_start'
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
        phone_number,
        number_type,
        purchased_date,
        released_date,
        reject_reason,
        {{ row_status(['phone_number', 'purchased_date']) }} as row_status
    from judged

)

select * from settled
