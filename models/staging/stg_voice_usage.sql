with

landed as (

    select
        *,
        lake_rows as as_landed
    from {{ source('lake', 'voice_usage') }} as lake_rows

),

typed as (

    select
        landed.org_id,
        landed.file_id,
        landed.source_file,
        landed.source_row,
        landed.landed_at,
        landed.parse_error,
        {{ cleaned('landed.sip_call_id') }} as sip_call_id,
        lower(coalesce(trim(landed.call_type), '')) as call_type,
        lower({{ cleaned('landed.direction') }}) as direction,
        lower(concat_ws(' ', landed.usage_group, landed.usage_group_display))
            as usage_group,
        {{ cleaned('landed.origin') }} as origin,
        {{ cleaned('landed.destination') }} as destination,
        {{ utc_timestamp('landed.start_time') }} as started_at,
        try_cast(
            {{ cleaned('landed.duration_seconds') }} as decimal(12, 3)
        )::decimal(18, 3)
            as duration_seconds,
        try_cast(
            {{ cleaned('landed.usage_rate_per_minute') }} as decimal(18, 10)
        )::decimal(28, 10)
            as rate_per_minute,
        try_cast(
            {{ cleaned('landed.total_cost') }} as decimal(18, 10)
        )::decimal(28, 10) as reported_cost,
        upper({{ cleaned('landed.currency') }}) as currency,
        landed.as_landed
    from landed

),

judged as (

    select
        *,
        case
            when parse_error is not null then parse_error
            when
                {{ cleaned('as_landed.sip_call_id') }} is null
                or {{ cleaned('as_landed.direction') }} is null
                or {{ cleaned('as_landed.start_time') }} is null
                or {{ cleaned('as_landed.duration_seconds') }} is null
                or {{ cleaned('as_landed.usage_rate_per_minute') }} is null
                or {{ cleaned('as_landed.total_cost') }} is null
                or {{ cleaned('as_landed.currency') }} is null then 'missing_value'
            when
                (started_at is null and {{ cleaned('as_landed.start_time') }} is not null)
                then 'not_a_timestamp'
            when
                duration_seconds is null
                or duration_seconds <> duration_seconds::bigint
                or rate_per_minute is null
                or reported_cost is null then 'not_a_number'
            when direction not in ('inbound', 'outbound') then 'unknown_value'
            when duration_seconds < 0 then 'negative_quantity'
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
        sip_call_id,
        call_type,
        direction,
        usage_group,
        origin,
        destination,
        started_at,
        duration_seconds,
        rate_per_minute,
        reported_cost,
        currency,
        reject_reason,
        {{ row_status(['sip_call_id', 'direction', 'started_at']) }} as row_status
    from judged

)

select * from settled
