with

landed as (

    {{ landed_rows('billable_usage_report') }}

),

product_names as (

    select * from {{ ref('product_names') }}

),

typed as (

    select
        {{ provenance() }},
        landed.charge_name,
        product_names.product_code,
        lower(landed.entity) as entity,
        {{ utc_timestamp('landed.timestamp') }} as first_login_at
    from landed
    left join product_names
        on {{ product_name_key('landed.charge_name') }} = product_names.name_key

),

checked as (

    select
        * exclude (raw, parse_error),
        case
            when parse_error is not null then parse_error
            when {{ missing(['charge_name', 'entity', 'timestamp']) }} then 'missing_value'
            when first_login_at is null then 'not_a_timestamp'
        end as reject_reason
    from typed

)

select
    *,
    {{ row_status(['charge_name', 'entity', 'first_login_at']) }} as row_status
from checked
