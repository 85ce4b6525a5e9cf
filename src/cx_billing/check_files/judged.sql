-- Rejected rows of the files in question, each with its mistakes: those that staging
-- told, else the one of its verdict. A mistake that is corrected is none.
select
    landed.dataset,
    landed.org_id,
    landed.file_id,
    landed.source_file,
    landed.source_row,
    landed.row_status,
    if(
        len(told.mistakes) > 0,
        told.mistakes,
        [{
            'reject_reason': landed.reject_reason,
            'reject_column': landed.reject_column,
            'reject_expected': landed.reject_expected,
            'is_of_file': false
        }]
    ) as mistakes
from int_landed_rows as landed
left join told
    on
        landed.file_id = told.file_id
        and landed.source_row = told.source_row
anti join int_retired_rows as retired
    on
        landed.file_id = retired.file_id
        and landed.source_row = retired.source_row
where
    landed.row_status = 'rejected'
    and landed.file_id in (select unnest($checked))
