with

judged as (

    select * from {{ ref('int_landed_rows') }}
    where row_status = 'rejected'

),

raw_rows as (

    select * from {{ ref('int_rejected_rows_raw') }}

)

select
    judged.file_id || '/' || judged.source_row as rejected_row_id,
    judged.org_id,
    judged.dataset,
    judged.source_file,
    judged.source_row,
    judged.reject_reason as reason,
    if(
        {{ shows_personal_data() }},
        raw_rows.raw_row,
        raw_rows.masked_row
    )::json as raw_row
from judged
inner join raw_rows
    on
        judged.file_id = raw_rows.file_id
        and judged.source_row = raw_rows.source_row
