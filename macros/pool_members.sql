{#
    Who is counted in which pool: one per product, and cx_all of every CX user whatever the level,
    for information; a user has one base license a cycle (CONC-03).
#}
{% macro pool_members() -%}
    select
        org_id,
        cycle_start_date,
        user_id,
        product_code as pool
    from {{ ref('int_billed_users') }}
    union all
    select
        users.org_id,
        users.cycle_start_date,
        users.user_id,
        'cx_all' as pool
    from {{ ref('int_billed_users') }} as users
    semi join {{ ref('products') }} as products
        on
            users.product_code = products.product_code
            and products.is_cx
{%- endmacro %}
