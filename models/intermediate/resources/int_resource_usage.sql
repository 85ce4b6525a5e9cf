with

meter_products as (

    select * from {{ ref('products') }}
    where kind = 'token_meter'

),

-- What a meter measures is used as tokens, not as itself.
resources as (

    select measured.*
    from {{ ref('int_resource_quantities') }} as measured
    anti join meter_products
        on measured.product_code = meter_products.product_code

),

tokens as (

    select
        org_id,
        cycle_start_date,
        'ai_tokens' as product_code,
        tokens as used_quantity
    from {{ ref('int_ai_token_usage') }}
    where tokens is not null

),

consumed as (

    select * from resources
    union all by name
    select * from tokens

),

-- Tokens delivered as such and tokens of the meters are one quantity (FU-13).
with_tokens as (

    select
        org_id,
        cycle_start_date,
        product_code,
        sum(used_quantity)::decimal(38, 6) as used_quantity
    from consumed
    group by org_id, cycle_start_date, product_code

)

select * from with_tokens
