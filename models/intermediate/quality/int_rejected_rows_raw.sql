{#
    The text of a rejected row as it was landed, and as it may be published. Only rejected rows are turned into JSON, so
    this model goes back to the lake; it is the one exception to `only staging reads sources`.
#}
with

rejected_rows as (

    select
        dataset,
        file_id,
        source_row
    from {{ ref('int_landed_rows') }}
    where row_status = 'rejected'

),

{% for dataset in datasets() %}
    {{ dataset }}_rows as (

        select landed.*
        from {{ source('lake', dataset) }} as landed
        semi join rejected_rows
            on
                landed.file_id = rejected_rows.file_id
                and landed.source_row = rejected_rows.source_row

    ),

{% endfor %}
raw_rows as (

    {% for dataset in datasets() %}
        select
            file_id,
            source_row,
            {{ landed_json(dataset ~ '_rows') }} as raw_row,
            {{ personal_columns(dataset) }}::varchar[] as personal_columns
        from {{ dataset }}_rows
        {% if not loop.last %}union all{% endif %}
    {% endfor %}

)

select
    file_id,
    source_row,
    raw_row,
    {{ masked_row('raw_row', 'personal_columns') }} as masked_row
from raw_rows
