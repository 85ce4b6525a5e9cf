{# Text as people mean it: blanks around it are noise, an empty field is null. #}
{% macro cleaned(column) -%}
    nullif(trim({{ column }}, ' ' || chr(9) || chr(10) || chr(13) || chr(160)), '')
{%- endmacro %}
