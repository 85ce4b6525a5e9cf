with

landed as (

    {{ landed_rows('api_usage', numbers=['requests'], dates=['date']) }}

),

-- Requests that were held back for coming too fast (429) are among those of 400, and all of
-- them among the requests (FU-08): nothing is added here.
typed as (

    select
        {{ provenance() }},
        {{ utc_date('landed.date') }} as usage_date,
        landed.platform,
        landed.client_id,
        landed.user_id,
        landed.template_uri,
        upper(landed.http_method) as http_method,
        try_cast(landed.requests as decimal(24, 6))::decimal(38, 6) as requests
    from landed

),

checked as (

    select
        * exclude (raw, parse_error),
        {{ rejection([
            ('missing_value', missing(['date', 'requests'])),
            ('not_a_timestamp', unreadable({'usage_date': 'date'})),
            ('not_a_number', unreadable(['requests'])),
            ('negative_quantity', {'requests': 'requests < 0'}),
        ]) }}
    from typed

)

select
    *,
    {{ row_status(
        ['usage_date', 'platform', 'client_id', 'user_id', 'template_uri', 'http_method']
    ) }} as row_status
from checked
