{#
    ISO 8601 text to a UTC timestamp, null if it is none. An offset is honoured; text without
    one is UTC (the session's time zone). A direct cast to TIMESTAMP would drop the offset.
#}
{% macro utc_timestamp(column) -%}
    case
        when trim({{ column }}) similar to '\d{4}-\d{2}-\d{2}.*'
            then try_cast({{ column }} as timestamptz) at time zone 'UTC'
    end
{%- endmacro %}
