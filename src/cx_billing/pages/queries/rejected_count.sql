select count(*) as rows_count
from marts.rejected_rows
where not is_retired and ($org_id is null or org_id = $org_id)
