{#
    The products that the organizations of some rows know, with how they are billed: those of
    the shipped catalogue and their own. Joined by equality on organization and product.
#}
{% macro products_by_organization(rows) -%}
    select
        organizations.org_id,
        products.* exclude (org_id)
    from (select distinct org_id from {{ rows }}) as organizations
    inner join {{ ref('int_products') }} as products
        on products.org_id is null or products.org_id = organizations.org_id
{%- endmacro %}
