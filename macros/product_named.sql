{#
    The product that a text of a landed row names: the joins of a staging model that has the step
    `product_names`, and the code that they find. A name of the organization's own counts only
    there, and before that of the shipped catalogue. Two joins, each by equality: one with `or`
    would compare every row with every name.
#}
{% macro join_product_names(text) -%}
    left join product_names
        on
            {{ product_name_key(text) }} = product_names.name_key
            and product_names.org_id is null
    left join product_names as own_names
        on
            landed.org_id = own_names.org_id
            and {{ product_name_key(text) }} = own_names.name_key
{%- endmacro %}

{% macro product_named() -%}
    coalesce(own_names.product_code, product_names.product_code)
{%- endmacro %}
