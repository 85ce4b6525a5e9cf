with

cycles as (

    select * from {{ ref('int_cycles') }}

),

devices as (

    select * from {{ ref('stg_devices') }}
    where row_status = 'accepted'

),

-- In service at any instant of the part of the cycle seen so far.
in_service as (

    select distinct
        devices.org_id,
        cycles.cycle_start_date,
        devices.product_code,
        devices.device_id
    from devices
    inner join cycles
        on
            devices.org_id = cycles.org_id
            and devices.in_service_date < cycles.usage_through_at
            and coalesce(devices.out_of_service_date, '9999-12-31'::date)
            > cycles.cycle_start_at
            and devices.in_service_date
            < coalesce(devices.out_of_service_date, '9999-12-31'::date)

)

select * from in_service
