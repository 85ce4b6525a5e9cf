with

landed as (

    select
        *,
        lake_rows as as_landed
    from {{ source('lake', 'routing_status') }} as lake_rows

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
        upper({{ cleaned('landed.routing_status') }}) as routing_status,
        {{ utc_timestamp('landed.start_time') }} as started_at,
        {{ utc_timestamp('landed.end_time') }} as ended_at,
        landed.as_landed
    from landed

),

judged as (

    select
        *,
        case
            when parse_error is not null then parse_error
            when
                {{ cleaned('as_landed.user_id') }} is null
                or {{ cleaned('as_landed.routing_status') }} is null
                or {{ cleaned('as_landed.start_time') }} is null then 'missing_value'
            when
                (started_at is null and {{ cleaned('as_landed.start_time') }} is not null)
                or (ended_at is null and {{ cleaned('as_landed.end_time') }} is not null)
                then 'not_a_timestamp'
            when ended_at < started_at then 'end_before_start'
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
        routing_status,
        started_at,
        ended_at,
        reject_reason,
        {{ row_status(['user_id', 'routing_status', 'started_at'],
            first='ended_at desc nulls last, landed_at desc, source_row desc') }} as row_status
    from judged

)

select * from settled
