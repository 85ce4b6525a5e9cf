{#
    A personal value as a keyed hash: equal values stay equal, and without the key no guess can be
    tested. The key is a session variable set by the dbt plugin, so it is in no file.
#}
{% macro keyed_hash(value) -%}
    sha256(
        getvariable('customer_key')
        || sha256(getvariable('customer_key') || {{ value }})
    )
{%- endmacro %}
