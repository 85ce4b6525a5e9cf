{# ISO 8601 text, with or without a time, to its UTC day; null if it is none. #}
{% macro utc_date(column) -%}
    ({{ utc_timestamp(column) }})::date
{%- endmacro %}
