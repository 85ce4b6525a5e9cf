with

products as (

    select * from {{ ref('products') }}

),

aliases as (

    select * from {{ ref('product_aliases') }}

),

platform_licenses as (

    select * from {{ ref('platform_licenses') }}

),

hourly_products as (

    select * from {{ ref('hourly_products') }}

),

spellings as (

    select
        product_code,
        product_code as spelling
    from products
    union all
    select
        product_code,
        invoice_name as spelling
    from products
    union all
    select
        product_code,
        alias as spelling
    from aliases
    union all
    select
        product_code,
        license_id as spelling
    from platform_licenses

),

name_keys as (

    select distinct
        {{ product_name_key('spellings.spelling') }} as name_key,
        products.product_code,
        products.kind,
        hourly_products.product_code is not null as is_hourly_product
    from spellings
    inner join products
        on spellings.product_code = products.product_code
    left join hourly_products
        on spellings.product_code = hourly_products.product_code

)

select * from name_keys
