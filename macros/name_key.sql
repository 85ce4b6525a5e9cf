{#
    What is left of a name when case, blanks, punctuation and accents are taken away, in any
    script: `On Queue` is ON_QUEUE (NAME-02). Compare keys only with keys.
#}
{% macro name_key(text) -%}
    regexp_replace(strip_accents(lower({{ text }})), '[^\p{L}\p{N}]', '', 'g')
{%- endmacro %}
