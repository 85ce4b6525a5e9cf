{#
    The one rounding of money: half up to the minor units of the currency (JPY 0, USD 2,
    KWD 3). DuckDB rounds decimals half away from zero, but only to a constant place. Each
    branch is cast by itself: of two wide decimals DuckDB keeps the smaller scale, so a bare
    case would round every currency like the yen.
#}
{% macro round_money(amount, minor_units) -%}
    case {{ minor_units }}
        when 0 then round({{ amount }}, 0)::decimal(28, 4)
        when 2 then round({{ amount }}, 2)::decimal(28, 4)
        when 3 then round({{ amount }}, 3)::decimal(28, 4)
    end
{%- endmacro %}
