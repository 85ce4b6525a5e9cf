with

products as (

    select * from {{ ref('int_catalogue') }}

),

prefixes as (

    select * from {{ ref('product_prefixes') }}

),

kinds as (

    select * from {{ ref('product_kinds') }}

),

codes_in_files as (

    select product_code from {{ ref('stg_contract_items') }}
    where row_status = 'accepted'
    union
    select product_code from {{ ref('stg_resource_usage') }}
    where row_status = 'accepted'
    union
    select 'conversation_' || platform as product_code
    from {{ ref('stg_message_interactions') }}
    where row_status = 'accepted'

),

-- A code the catalogue does not list behaves like the product its prefix names.
patterned as (

    select
        null::varchar as org_id,
        codes_in_files.product_code,
        prefixes.product_code as base_product_code,
        prefixes.invoice_name || ' '
        || upper(replace(
            substr(codes_in_files.product_code, length(prefixes.prefix) + 1), '_', ' '
        )) as invoice_name
    from codes_in_files
    inner join prefixes
        on starts_with(codes_in_files.product_code, prefixes.prefix)
    anti join products
        on codes_in_files.product_code = products.product_code

),

codes as (

    select
        org_id,
        product_code,
        product_code as base_product_code,
        invoice_name
    from products
    union all
    select * from patterned

),

described as (

    select
        codes.org_id,
        codes.product_code,
        codes.base_product_code,
        -- The vendor does not say the type of a number, so invoices are compared by number.
        case
            when products.kind = 'number' then codes.base_product_code
            else codes.product_code
        end as match_code,
        products.kind,
        kinds.family,
        kinds.section,
        kinds.arrears_charge_type,
        kinds.waived_in_ramp_as,
        kinds.can_be_committed,
        products.is_always_named,
        products.unit_of_measure,
        codes.invoice_name
    from codes
    inner join products
        on
            codes.base_product_code = products.product_code
            and codes.org_id is not distinct from products.org_id
    inner join kinds
        on products.kind = kinds.kind

)

select * from described
