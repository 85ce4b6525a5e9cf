{#
    The files of a dataset that count for nothing since a part of their answer is missing: a run
    was killed before all of it was landed, or a part was withdrawn. From the Parquet footers, as
    source landed_files: staging must know it before any model can.
#}
{% macro split_answer_files(dataset) -%}
    select regexp_extract(file_name, '([0-9a-f]+)\.parquet$', 1) as file_id
    from (
        select
            file_name,
            {%- for fact in ['answer_id', 'answer_parts', 'withdrawn_at'] %}
            max(decode(value)) filter (where decode(key) = '{{ fact }}')
                as {{ fact }}{{ ',' if not loop.last }}
            {%- endfor %}
        from parquet_kv_metadata(getvariable('home') || '/lake/{{ dataset }}/*.parquet')
        where key in ('answer_id'::blob, 'answer_parts'::blob, 'withdrawn_at'::blob)
        group by file_name
    ) as parts
    where answer_id is not null
    qualify {{ missing_parts() }} > 0
{%- endmacro %}

{# How many parts of its answer are missing beside a file: not landed, or withdrawn. #}
{% macro missing_parts() -%}
    case
        when answer_id is not null and withdrawn_at is null
            then
                answer_parts::bigint
                - count(*) filter (where withdrawn_at is null) over (partition by answer_id)
        else 0
    end
{%- endmacro %}
