{#
    The frame of a staging model: landed rows are cleaned here, the model types them and gives
    a reason to those that cannot count, `row_status` settles which row of a key counts.
#}

{#
    The landed rows of a dataset: blanks around a text are noise, an empty text is null. `raw`
    is the cleaned row as a struct, to tell a missing value from one that could not be read.
#}
{% macro landed_rows(dataset) -%}
    {%- set provenance = (
        "('org_id', 'file_id', 'source_file', 'source_row', 'landed_at', 'parse_error')"
    ) -%}
    select
        *,
        cleaned_rows as raw
    from (
        select
            columns(lambda name: name in {{ provenance }}),
            nullif(trim(
                columns(
                    lambda name: name not in {{ provenance }}
                    and name not in ('extra_columns', 'raw_text')
                ),
                ' ' || chr(9) || chr(10) || chr(13) || chr(160)
            ), '')
        from {{ source('lake', dataset) }}
    ) as cleaned_rows
{%- endmacro %}

{# Where a row comes from, and the row itself: the first columns of the step `typed`. #}
{% macro provenance() -%}
    landed.org_id,
    landed.file_id,
    landed.source_file,
    landed.source_row,
    landed.landed_at,
    landed.parse_error,
    landed.raw
{%- endmacro %}

{# True if one of the columns is empty in the file. #}
{% macro missing(columns) -%}
    (
        {% for column in columns %}
            raw."{{ column }}" is null{{ ' or' if not loop.last }}
        {% endfor %}
    )
{%- endmacro %}

{#
    True if a value is in the file but could not be read: the columns, or, where they have
    another name once they are typed, {typed column: column of the file}.
#}
{% macro unreadable(columns) -%}
    (
        {% for typed in columns %}
            {% set column = columns[typed] if columns is mapping else typed %}
            ({{ typed }} is null and raw."{{ column }}" is not null){{ ' or' if not loop.last }}
        {% endfor %}
    )
{%- endmacro %}
