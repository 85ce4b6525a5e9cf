with

license_usage as (

    select
        org_id,
        cycle_start_date,
        product_code,
        actual_quantity as measured_quantity,
        0::decimal(38, 6) as included_quantity
    from {{ ref('int_license_usage') }}

),

resource_usage as (

    select
        resources.org_id,
        resources.cycle_start_date,
        resources.product_code,
        resources.used_quantity as measured_quantity,
        coalesce(allowances.included_quantity, 0)::decimal(38, 6) as included_quantity
    from {{ ref('int_resource_usage') }} as resources
    left join {{ ref('int_allowances') }} as allowances
        on
            resources.org_id = allowances.org_id
            and resources.cycle_start_date = allowances.cycle_start_date
            and resources.product_code = allowances.product_code

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
