with

shipped_names as (

    select * from {{ ref('shipped_product_names') }}

),

hourly_products as (

    select * from {{ ref('hourly_products') }}

),

catalogue_rows as (

    select * from {{ ref('stg_product_catalogue') }}
    where row_status in ('accepted', 'duplicate')

),

-- The aliases of all landed rows add up, those of a row that was replaced too.
spellings as (

    select
        *,
        unnest(
            [product_code, name] || string_split(coalesce(aliases, ''), ';')
        ) as spelling
    from catalogue_rows

),

-- Of two products by one name in an organization the later row has it.
own_names as (

    select
        org_id,
        {{ product_name_key('spelling') }} as name_key,
        max_by(product_code, (landed_at, source_row)) as product_code,
        max_by(kind, (landed_at, source_row)) as kind
    from spellings
    where {{ product_name_key('spelling') }} <> ''
    group by org_id, name_key

)

select
    null::varchar as org_id,
    name_key,
    product_code,
    kind,
    is_hourly_product
from shipped_names
union all
select
    own_names.org_id,
    own_names.name_key,
    own_names.product_code,
    own_names.kind,
    hourly_products.product_code is not null as is_hourly_product
from own_names
left join hourly_products
    on own_names.product_code = hourly_products.product_code
