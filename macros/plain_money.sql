{# An amount as people write it, with the decimals of its currency. #}
{% macro plain_money(amount, minor_units) -%}
    case {{ minor_units }}
        when 0 then ({{ amount }})::decimal(28, 0)::varchar
        when 3 then ({{ amount }})::decimal(28, 3)::varchar
        else ({{ amount }})::decimal(28, 2)::varchar
    end
{%- endmacro %}
