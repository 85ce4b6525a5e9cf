{# The natural key as _sources.yml declares it, in the names of the staging model. #}
{% macro natural_key(dataset) -%}
    {% set found = [] %}
    {% for source in (graph.sources.values() if execute else []) if source.name == dataset %}
        {% for column in source.meta.natural_key %}
            {% do found.append(source.columns[column].meta.get('staged_as', column)) %}
        {% endfor %}
    {% endfor %}
    {{ return(found) }}
{%- endmacro %}

{# The same in the names of the file. #}
{% macro natural_key_columns(dataset) -%}
    {% set found = [] %}
    {% for source in (graph.sources.values() if execute else []) if source.name == dataset %}
        {% do found.extend(source.meta.natural_key) %}
    {% endfor %}
    {{ return(found) }}
{%- endmacro %}

{# Whether the latest file of a key replaces all its rows, as _sources.yml declares it. #}
{% macro replaced_by_file(dataset) -%}
    {% set found = [] %}
    {% for source in (graph.sources.values() if execute else []) if source.name == dataset %}
        {% do found.append(source.meta.get('replaced_by_file', false)) %}
    {% endfor %}
    {{ return(found == [true]) }}
{%- endmacro %}
