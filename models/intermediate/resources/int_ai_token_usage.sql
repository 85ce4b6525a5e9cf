with

meters as (

    select * from {{ ref('int_token_meters') }}

),

meter_products as (

    select * from {{ ref('products') }}
    where kind = 'token_meter'

),

measured as (

    select
        measured.org_id,
        measured.cycle_start_date,
        measured.product_code,
        measured.used_quantity
    from {{ ref('int_resource_quantities') }} as measured
    semi join meter_products
        on measured.product_code = meter_products.product_code

),

-- A license with a meter takes tokens for its users: heads, or the peak where the contract
-- counts concurrent users.
users as (

    select
        license_usage.org_id,
        license_usage.cycle_start_date,
        license_usage.product_code,
        case meters.license_model
            when 'concurrent' then license_usage.peak_users
            else license_usage.named_users
        end::decimal(38, 6) as used_quantity
    from {{ ref('int_license_usage') }} as license_usage
    inner join meters
        on
            license_usage.org_id = meters.org_id
            and license_usage.cycle_start_date = meters.cycle_start_date
            and license_usage.product_code = meters.product_code

),

used as (

    select * from measured
    union all
    select * from users
    where used_quantity > 0

),

-- Rounded once per meter. Without a meter in force there are no tokens.
metered as (

    select
        used.org_id,
        used.cycle_start_date,
        used.product_code,
        used.used_quantity,
        {{ divide_half_up('used.used_quantity * meters.tokens', 'meters.units') }}
            as tokens,
        coalesce(meters.is_of_messages, false) as is_of_messages
    from used
    left join meters
        on
            used.org_id = meters.org_id
            and used.cycle_start_date = meters.cycle_start_date
            and used.product_code = meters.product_code

)

select * from metered
