{#
    Exact quotient of two decimals, rounded half up to six decimals; DuckDB's `/` would go
    through floating point. The numerator is not negative, below 10^18 and has at most ten
    decimals; the denominator is positive and has at most four.
#}
{% macro divide_half_up(numerator, denominator) -%}
    (
        (
            2 * (({{ numerator }})::decimal(38, 10) * 10000000000)::decimal(38, 0)::hugeint
            + (({{ denominator }}) * 10000)::decimal(38, 0)::hugeint
        )
        // (2 * (({{ denominator }}) * 10000)::decimal(38, 0)::hugeint)
        * 0.000001
    )::decimal(38, 6)
{%- endmacro %}
