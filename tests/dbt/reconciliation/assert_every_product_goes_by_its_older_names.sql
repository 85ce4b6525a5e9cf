-- Before it was Genesys Cloud it was PureCloud, `PureCloud 2` what is CX 2 now; whatever is
-- said of how it is counted or paid, with either dash, it is one product.
with

products as (

    select * from {{ ref('products') }}

),

older_names as (

    select
        product_code,
        'PureCloud ' || regexp_replace(invoice_name, '^Genesys Cloud (CX )?', '')
            as older_name
    from products

),

endings as (

    select unnest(['', ' - Prepay', ' – Prepay']) as ending

),

names as (

    select
        older_names.product_code,
        older_names.older_name || endings.ending as product_name
    from older_names
    cross join endings

)

select
    names.product_code,
    names.product_name,
    product_names.product_code as found_product_code
from names
left join {{ ref('product_names') }} as product_names
    on
        {{ product_name_key('names.product_name') }} = product_names.name_key
        and product_names.org_id is null
where product_names.product_code is distinct from names.product_code
