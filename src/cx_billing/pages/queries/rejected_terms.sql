select
    source_file,
    source_row,
    reason,
    raw_row
from marts.rejected_rows
where dataset in ('contracts', 'contract_items')
order by reason = 'no_contract' asc, dataset desc, source_file asc, source_row asc
