{#
    The text of a rejected row as it was landed. Only rejected rows are turned into JSON, so
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
            json_merge_patch(
                to_json({{ dataset }}_rows),
                '{"org_id":null,"file_id":null,"source_file":null,'
                || '"source_row":null,"landed_at":null}'
            ) as raw_row
        from {{ dataset }}_rows
        {% if not loop.last %}union all{% endif %}
    {% endfor %}

)

select * from raw_rows
