with

judged as (

    select * from {{ ref('int_landed_rows') }}
    where row_status = 'rejected'

),

raw_rows as (

    select
        file_id,
        source_row,
        if({{ shows_personal_data() }}, raw_row, masked_row)::json as raw_row,
        raw_row as landed_row
    from {{ ref('int_rejected_rows_raw') }}

),

reasons as (

    select * from {{ ref('reject_reasons') }}

),

retired as (

    select * from {{ ref('int_retired_rows') }}

)

select
    judged.file_id || '/' || judged.source_row as rejected_row_id,
    judged.org_id,
    judged.dataset,
    judged.source_file,
    judged.source_row,
    judged.reject_reason as reason,
    judged.reject_column as column_name,
    if(
        judged.reject_reason in ('not_a_number', 'negative_quantity')
        and {{ is_amount('raw_rows.landed_row ->> judged.reject_column') }},
        raw_rows.landed_row ->> judged.reject_column,
        raw_rows.raw_row ->> judged.reject_column
    ) as value,
    coalesce(judged.reject_expected, reasons.expected) as expected,
    retired.source_row is not null as is_retired,
    raw_rows.raw_row
from judged
inner join raw_rows
    on
        judged.file_id = raw_rows.file_id
        and judged.source_row = raw_rows.source_row
left join reasons
    on judged.reject_reason = reasons.reason
left join retired
    on
        judged.file_id = retired.file_id
        and judged.source_row = retired.source_row
