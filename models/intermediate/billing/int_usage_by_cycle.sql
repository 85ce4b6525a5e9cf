with

license_usage as (

    select
        org_id,
        cycle_start_date,
        product_code,
        actual_quantity as measured_quantity,
        0::decimal(38, 6) as included_quantity
    from {{ ref('license_usage') }}

),

resource_usage as (

    select
        org_id,
        cycle_start_date,
        product_code,
        used_quantity as measured_quantity,
        included_quantity
    from {{ ref('resource_usage') }}

),

conversations as (

    select
        org_id,
        cycle_start_date,
        product_code,
        quantity as measured_quantity,
        0::decimal(38, 6) as included_quantity
    from {{ ref('int_conversation_counts') }}
    where not is_paid_by_token

),

devices as (

    select
        org_id,
        cycle_start_date,
        product_code,
        quantity as measured_quantity,
        0::decimal(38, 6) as included_quantity
    from {{ ref('int_devices_in_service') }}

),

short_calls as (

    select
        org_id,
        cycle_start_date,
        'short_call_surcharge' as product_code,
        surcharge_quantity::decimal(38, 6) as measured_quantity,
        0::decimal(38, 6) as included_quantity
    from {{ ref('int_short_calls') }}

),

metered as (

    select * from license_usage
    union all
    select * from resource_usage
    union all
    select * from conversations
    union all
    select * from devices
    union all
    select * from short_calls

)

select * from metered
