{# A landed row, a struct, as JSON: what its file said, without where it came from. #}
{% macro landed_json(row) -%}
    json_merge_patch(
        to_json({{ row }}),
        '{"org_id":null,"file_id":null,"source_file":null,"source_row":null,"landed_at":null,'
        || '"withdrawn_at":null}'
    )
{%- endmacro %}
