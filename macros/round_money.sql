{#
    The one rounding of money: half up to the minor units of the currency (JPY 0, USD 2,
    KWD 3). DuckDB rounds decimals half away from zero, but only to a constant place.
#}
{% macro round_money(amount, minor_units) -%}
    (
        case {{ minor_units }}
            when 0 then round({{ amount }}, 0)
            when 2 then round({{ amount }}, 2)
            when 3 then round({{ amount }}, 3)
        end
    )::decimal(18, 4)
{%- endmacro %}
