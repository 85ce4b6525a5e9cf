{#
    Quantity times rate as money; null where a printed line is so absurd that no amount can be that
    large: it must not stop the bills of others.
#}
{% macro line_amount(quantity, unit_price, minor_units) -%}
    case
        when abs({{ quantity }}::double * {{ unit_price }}::double) < 1e15
            then {{ round_money(quantity ~ ' * ' ~ unit_price, minor_units) }}
    end
{%- endmacro %}
