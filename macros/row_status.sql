{#
    What became of a landed row: `rejected` (it has a reject_reason), `accepted` (the row
    that speaks for its natural key) or `duplicate` (another row of the key does). By default
    the latest landing wins, within a file the last row.
#}
{% macro row_status(natural_key, first='landed_at desc, source_row desc', reason='reject_reason') -%}
    case
        when {{ reason }} is not null then 'rejected'
        when row_number() over (
            partition by
                {{ reason }} is null,
                org_id,
                {{ natural_key | join(',\n                ') }}
            order by {{ first }}
        ) = 1 then 'accepted'
        else 'duplicate'
    end
{%- endmacro %}
