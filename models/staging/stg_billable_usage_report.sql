with

landed as (

    {{ landed_rows('billable_usage_report', times=['timestamp']) }}

),

product_names as (

    select * from {{ ref('product_names') }}

),

typed as (

    select
        {{ provenance() }},
        landed.charge_name,
        {{ product_named() }} as product_code,
        lower(landed.entity) as entity,
        {{ utc_timestamp('landed.timestamp') }} as first_login_at,
        {{ printed_precision('landed.timestamp') }} as printed_precision_us
    from landed
    {{ join_product_names('landed.charge_name') }}

),

checked as (

    select
        * exclude (raw, parse_error),
        {{ rejection([
            ('missing_value', missing(['charge_name', 'entity', 'timestamp'])),
            ('not_a_timestamp', unreadable({'first_login_at': 'timestamp'})),
        ]) }}
    from typed

)

select
    *,
    {{ row_status(['charge_name', 'entity', 'first_login_at']) }} as row_status
from checked
