select 1 as is_landed
from marts.load_audit
where org_id = $org_id
limit 1
