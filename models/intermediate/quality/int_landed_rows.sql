with

judged_in_staging as (

    {% for dataset in datasets() %}
        select
            '{{ dataset }}' as dataset,
            org_id,
            file_id,
            source_file,
            source_row,
            row_status,
            reject_reason,
            reject_column,
            reject_expected
        from {{ ref('stg_' ~ dataset) }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

outside_contract as (

    select * from {{ ref('int_rows_outside_contract') }}

),

-- A row that staging accepted can still lie outside every contract.
judged as (

    select
        judged_in_staging.dataset,
        judged_in_staging.org_id,
        judged_in_staging.file_id,
        judged_in_staging.source_file,
        judged_in_staging.source_row,
        case
            when outside_contract.reject_reason is not null then 'rejected'
            else judged_in_staging.row_status
        end as row_status,
        coalesce(
            judged_in_staging.reject_reason, outside_contract.reject_reason
        ) as reject_reason,
        coalesce(
            judged_in_staging.reject_column, outside_contract.reject_column
        ) as reject_column,
        coalesce(
            judged_in_staging.reject_expected, outside_contract.reject_expected
        ) as reject_expected
    from judged_in_staging
    left join outside_contract
        on
            judged_in_staging.dataset = outside_contract.dataset
            and judged_in_staging.file_id = outside_contract.file_id
            and judged_in_staging.source_row = outside_contract.source_row

)

select * from judged
