{#
    Landed rows for a unit test of staging: `row` with one of the `changes` each, numbered from
    1, of organization acme and landed on 2026-04-01 unless they say otherwise. Columns of the
    dataset that no row names are null.
#}
{% macro landed_fixture(dataset, row, changes) -%}
    {%- set types = {
        'source_row': 'bigint', 'landed_at': 'timestamp', 'withdrawn_at': 'timestamp'
    } -%}
    select * from read_parquet(getvariable('home') || '/lake/{{ dataset }}/_empty.parquet')
    {%- for change in changes %}
        {%- set landed = dict(
            {'org_id': 'acme', 'landed_at': '2026-04-01', 'source_row': loop.index}, **row
        ) %}
        {%- do landed.update(change) %}
        union all by name
        select
            {%- for column, value in landed.items() %}
            {{ 'null' if value is none else dbt.string_literal(value) -}}
            ::{{ types.get(column, 'varchar') }} as "{{ column }}"{{ ',' if not loop.last }}
            {%- endfor %}
    {%- endfor %}
{%- endmacro %}
