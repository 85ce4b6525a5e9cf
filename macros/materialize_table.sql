{#
  DuckDB replaces a table in one statement, wholly or not at all: nothing has to be built under
  another name, renamed and dropped, as dbt does for every database. A table under contract is
  created with its constraints, filled and described in one transaction.
#}
{% materialization table, adapter='duckdb', supported_languages=['sql'] %}
    {%- set relation = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set contracted = config.get('contract').enforced -%}
    {%- set is_one_statement = not contracted and (not existing or existing.is_table) -%}
    {{ run_hooks(pre_hooks) }}
    {% call statement('main', auto_begin=not is_one_statement) -%}
        {% if is_one_statement -%}
            create or replace table {{ relation }} as (
                {{ compiled_code }}
            )
        {%- else -%}
            {% if existing %}drop {{ existing.type }} {{ existing }};{% endif %}
            {{ create_table_as(False, relation, compiled_code) }}
            {% if config.persist_column_docs() %}{{ describe_table(relation) }}{% endif %}
        {%- endif %}
    {%- endcall %}
    {% if not is_one_statement %}{% do adapter.commit() %}{% endif %}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [relation]}) }}
{% endmaterialization %}

{% macro describe_table(relation) %}
    {{ alter_relation_comment(relation, model.description) }}
    {% for column in model.columns.values() %}
    comment on column {{ relation }}.{{ column.name }}
        is {{ duckdb_escape_comment(column.description) }};
    {% endfor %}
{% endmacro %}
