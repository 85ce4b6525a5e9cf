{#
    What became of a landed row: `rejected` (it has a reject_reason), `withdrawn` (its file was
    taken back, or lacks a part of its answer), `accepted` (the row that speaks for its natural key) or `duplicate` (another row
    of the key does). The key is that of _sources.yml, in the names of the staging model.
#}

{# The latest landing wins, within a file the last row; `first` puts another rule before it. #}
{% macro row_status(natural_key, first=none) -%}
    case
        when reject_reason is not null then 'rejected'
        when withdrawn_at is not null then 'withdrawn'
        when row_number() over (
            partition by
                reject_reason is null and withdrawn_at is null,
                org_id,
                {{ natural_key | join(',\n                ') }}
            order by
                {%- if first %} {{ first }},{% endif %} landed_at desc, source_row desc
        ) = 1 then 'accepted'
        else 'duplicate'
    end
{%- endmacro %}

{# Of datasets whose latest file replaces all rows of a key: the rows of other files are past. #}
{% macro row_status_by_file(natural_key) -%}
    case
        when reject_reason is not null then 'rejected'
        when withdrawn_at is not null then 'withdrawn'
        when landed_at = max(landed_at) over (
            partition by
                reject_reason is null and withdrawn_at is null,
                org_id,
                {{ natural_key | join(',\n                ') }}
        ) then 'accepted'
        else 'duplicate'
    end
{%- endmacro %}
