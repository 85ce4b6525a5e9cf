with

landed as (

    select
        *,
        lake_rows as as_landed
    from {{ source('lake', 'api_usage') }} as lake_rows

),

-- Requests that were held back for coming too fast (429) are among those of 400, and all of
-- them among the requests (FU-08): nothing is added here.
typed as (

    select
        landed.org_id,
        landed.file_id,
        landed.source_file,
        landed.source_row,
        landed.landed_at,
        landed.parse_error,
        {{ utc_date('landed.date') }} as usage_date,
        {{ cleaned('landed.platform') }} as platform,
        {{ cleaned('landed.client_id') }} as client_id,
        {{ cleaned('landed.user_id') }} as user_id,
        {{ cleaned('landed.template_uri') }} as template_uri,
        upper({{ cleaned('landed.http_method') }}) as http_method,
        try_cast(
            {{ cleaned('landed.requests') }} as decimal(24, 6)
        )::decimal(38, 6) as requests,
        landed.as_landed
    from landed

),

judged as (

    select
        *,
        case
            when parse_error is not null then parse_error
            when
                {{ cleaned('as_landed.date') }} is null
                or {{ cleaned('as_landed.requests') }} is null then 'missing_value'
            when usage_date is null then 'not_a_timestamp'
            when requests is null then 'not_a_number'
            when requests < 0 then 'negative_quantity'
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
        platform,
        client_id,
        user_id,
        template_uri,
        http_method,
        requests,
        reject_reason,
        {{ row_status([
            'usage_date', 'platform', 'client_id', 'user_id', 'template_uri', 'http_method'
        ]) }} as row_status
    from judged

)

select * from settled
