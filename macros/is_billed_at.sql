{#
    Whether the vendor bills a group at a price: the printed one, or where none is printed the one
    that gives the amount. Reads `figures`.
#}
{% macro is_billed_at(price) -%}
(
    figures.printed_price = {{ price }}
    or (
        figures.is_price_derived
        and figures.printed_compared_amount = {{ line_amount(
            'figures.printed_quantity', '(' ~ price ~ ')', 'figures.minor_units'
        ) }}
    )
)
{%- endmacro %}
