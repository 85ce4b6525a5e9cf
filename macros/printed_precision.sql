{#
    The microseconds that the last printed unit of an ISO 8601 text stands for: those of a day, a
    minute, a second, or of the last digit of its fraction. What is more exact is cut to it
    before it is compared.
#}
{% macro printed_precision(column) -%}
    case
        when regexp_matches({{ column }}, ':\d{2}:\d{2}[.,]\d')
            then [100000, 10000, 1000, 100, 10, 1][
                least(6, length(regexp_extract({{ column }}, ':\d{2}:\d{2}[.,](\d+)', 1)))
            ]
        when regexp_matches({{ column }}, '[T ]\d{2}:\d{2}:\d{2}') then 1000000
        when regexp_matches({{ column }}, '[T ]\d{2}:\d{2}') then 60000000
        else 86400000000
    end::bigint
{%- endmacro %}
