{#
    Quantity times rate as money; null where a printed line is so absurd that no amount can be that
    large: it must not stop the bills of others.
#}
{% macro line_amount(quantity, unit_price, minor_units) -%}
    case
        when abs({{ quantity }}) < 1000000000000 and abs({{ unit_price }}) < 1000000000
            then {{ round_money(quantity ~ ' * ' ~ unit_price, minor_units) }}
    end
{%- endmacro %}
