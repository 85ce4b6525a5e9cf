with

landed as (

    {{ landed_rows(
        'concurrent_usage_report',
        numbers=['peak_concurrent_users', 'minutes_at_peak'],
        dates=['date']
    ) }}

),

product_names as (

    select * from {{ ref('product_names') }}

),

typed as (

    select
        {{ provenance() }},
        {{ utc_date('landed.date') }} as usage_date,
        case
            when landed.license is null then 'cx_all'
            else coalesce({{ product_named() }}, lower(landed.license))
        end as pool,
        try_cast(landed.peak_concurrent_users as decimal(18, 6))::decimal(38, 6)
            as peak_users,
        try_cast(landed.minutes_at_peak as decimal(18, 6))::decimal(38, 6)
            as minutes_at_peak
    from landed
    {{ join_product_names('landed.license') }}

),

checked as (

    select
        * exclude (raw, parse_error),
        {{ rejection([
            ('missing_value', missing(['date', 'peak_concurrent_users'])),
            ('not_a_timestamp', unreadable({'usage_date': 'date'})),
            ('not_a_number', unreadable({
                'peak_users': 'peak_concurrent_users', 'minutes_at_peak': 'minutes_at_peak'
            })),
        ]) }}
    from typed

)

select
    *,
    {{ row_status(['usage_date', 'pool']) }} as row_status
from checked
