{#
    A personal value as a keyed hash: equal values of one organization stay equal, those of two are
    different, and without the key no guess can be tested. The key is a session variable set by the
    dbt plugin, so it is in no file.
#}
{% macro keyed_hash(value, org_id='org_id') -%}
    sha256(
        getvariable('customer_key')
        || sha256(getvariable('customer_key') || {{ org_id }} || chr(31) || {{ value }})
    )
{%- endmacro %}
