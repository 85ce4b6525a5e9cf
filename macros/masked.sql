{#
    What is published of rejected rows hides whom they are about, unless the build was asked to
    show it (`show_personal_data`). Which columns are personal is declared in _sources.yml.
#}

{# The columns of a dataset that hold a number, an address, an e-mail or a person's name. #}
{% macro personal_columns(dataset) -%}
    {% set found = [] %}
    {% for source in (graph.sources.values() if execute else []) if source.name == dataset %}
        {% for column in source.columns.values() if column.meta.personal %}
            {% do found.append(column.name) %}
        {% endfor %}
    {% endfor %}
    {{ return(found) }}
{%- endmacro %}

{#
    A landed row, a struct, with its personal columns masked. Undeclared columns are masked as well
    where a dataset is about people, and text that could not be split keeps its shape only.
#}
{% macro masked_row(dataset, row) -%}
    {%- set personal = personal_columns(dataset) -%}
    struct_update(
        {{ row }},
        {% for column in personal %}
            "{{ column }}" := {{ masked(row ~ '."' ~ column ~ '"') }},
        {% endfor %}
        extra_columns := to_json(map_from_entries(list_transform(
            map_entries(from_json({{ row }}.extra_columns, '"MAP(VARCHAR, VARCHAR)"')),
            lambda entry: {
                'key': entry.key,
                'value': {{ masked('entry.value') if personal else masked_text('entry.value') }}
            }
        )))::varchar,
        raw_text := {{ masked_shape(row ~ '.raw_text') if personal else masked_text(row ~ '.raw_text') }}
    )
{%- endmacro %}

{# A personal value: of an e-mail its domain is left, of a long number its last four digits. #}
{% macro masked(value) -%}
    if(
        regexp_matches({{ value }}, '^\s*$'),
        {{ value }},
        '***' || coalesce(
            nullif(regexp_extract(
                {{ value }}, '[^@\s](@[A-Za-z][A-Za-z0-9.-]*\.[A-Za-z]+)\s*$', 1
            ), ''),
            regexp_extract(
                regexp_replace({{ value }}, '[^0-9]', '', 'g'), '[0-9]{5}([0-9]{4})$', 1
            )
        )
    )
{%- endmacro %}

{# Text with the e-mails and numbers in it masked; dates are not taken for numbers. #}
{% macro masked_text(text) -%}
    regexp_replace(
        regexp_replace({{ text }}, '[^\s,;:"<>()@]+@', '***@', 'g'),
        '\+\d[\d ().-]{4,}(\d\d)|\d{5,}(\d\d)|\(?\d{3}\)?[ .-]\d{3}[ .-]\d\d(\d\d)',
        '***\1\2\3',
        'g'
    )
{%- endmacro %}

{# The shape of a text: letters are x, digits are 9, so that separators can be counted. #}
{% macro masked_shape(text) -%}
    regexp_replace(regexp_replace({{ text }}, '[\p{L}\p{M}]', 'x', 'g'), '\p{N}', '9', 'g')
{%- endmacro %}
