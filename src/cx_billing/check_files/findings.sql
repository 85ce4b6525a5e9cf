select
    rejected.rejected_row_id,
    rejected.org_id,
    rejected.dataset,
    rejected.source_file,
    rejected.source_row,
    rejected.reason,
    rejected.column_name,
    rejected.value,
    rejected.expected,
    rejected.raw_row,
    reasons.explanation,
    mistakes.rows_alike,
    mistakes.is_of_file,
    mistakes.kind
from rejected_rows as rejected
inner join mistakes
    on
        rejected.rejected_row_id = mistakes.file_id || '/' || mistakes.source_row
        and rejected.column_name is not distinct from mistakes.reject_column
inner join reject_reasons as reasons
    on rejected.reason = reasons.reason
order by
    mistakes.is_lacking,
    rejected.source_file,
    min(rejected.source_row) over (partition by mistakes.kind),
    mistakes.step,
    rejected.source_row
