{# A number as people write it: no zeros after the last digit that counts. #}
{% macro plain_number(number) -%}
    regexp_replace(
        regexp_replace(({{ number }})::varchar, '([.][0-9]*?)0+$', '\1'), '[.]$', ''
    )
{%- endmacro %}
