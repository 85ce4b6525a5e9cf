{#
    ISO 8601 text to a UTC timestamp, null if it is none. An offset is honoured; text without
    one is UTC (the session's time zone). A direct cast to TIMESTAMP would drop the offset.
    What DuckDB does not read as it is is tried once more with its seconds filled in.
#}
{% macro utc_timestamp(column) -%}
    case
        when trim({{ column }}) similar to '\d{4}-\d{2}-\d{2}.*'
            then coalesce(
                try_cast(trim({{ column }}) as timestamptz),
                try_cast(regexp_replace(
                    upper(trim({{ column }})),
                    '[T ](\d{2}:\d{2})\s*(Z|[+-].*)?$',
                    'T\1:00\2'
                ) as timestamptz)
            ) at time zone 'UTC'
    end
{%- endmacro %}
