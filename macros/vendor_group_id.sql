{#
    The id of a group of a vendor's invoice: its number, product and charge, and the place of a line that
    stands alone. What is in a number or product is no part of the path.
#}
{% macro vendor_group_id(invoice_number, group_product, charge, line_number) -%}
    concat_ws(
        '/',
        replace({{ invoice_number }}, '/', '%2F'),
        replace({{ group_product }}, '/', '%2F'),
        {{ charge }},
        {{ line_number }}
    )
{%- endmacro %}
