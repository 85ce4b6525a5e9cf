select
    org_id,
    dataset,
    source_file,
    file_id,
    landed_at,
    withdrawn_at,
    rows_in_file,
    rows_accepted,
    rows_duplicate,
    rows_rejected,
    nullif(missing_parts, 0) as missing_parts
from marts.load_audit
where $org_id is null or org_id = $org_id
order by source_file, landed_at
