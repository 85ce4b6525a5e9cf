{#
    Products that come in kinds without a closed list: `sms_class_<class>`, `number_mrc_<type>` ...
    The text as a product code if it starts with one of the prefixes, else null. The vendor
    calls a class of text messages `Rate Class C`, our lines `SMS Rate Class C` (CONV-08).
#}
{% macro patterned_product(column, prefixes) -%}
    nullif(
        regexp_extract(
            regexp_replace(
                regexp_replace(lower(trim({{ column }})), '[^a-z0-9]+', '_', 'g'),
                '^(sms_)?rate_class_',
                'sms_class_'
            ),
            '^({{ prefixes | join('|') }})[a-z0-9_]+$'
        ),
        ''
    )
{%- endmacro %}
