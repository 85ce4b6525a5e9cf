{# What names a line of an invoice, from any row that has the columns of a charge. #}
{% macro invoice_line_id(line) -%}
    concat_ws(
        '/',
        {{ line }}.org_id || '-' || {{ line }}.invoice_date,
        {{ line }}.charge_type,
        {{ line }}.product_code,
        {{ line }}.service_period_start,
        {{ line }}.detail
    )
{%- endmacro %}
