{# A price as people write it: like an amount, with more decimals where it has more. #}
{% macro plain_price(price, minor_units) -%}
    if(
        ({{ plain_money(price, minor_units) }})::decimal(38, 10) = {{ price }},
        {{ plain_money(price, minor_units) }},
        {{ plain_number(price) }}
    )
{%- endmacro %}
