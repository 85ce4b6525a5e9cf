{# Text as people mean it: blanks around it are noise, an empty field is null. #}
{% macro cleaned(column) -%}
    nullif(trim({{ column }}), '')
{%- endmacro %}
