select distinct org_id
from marts.load_audit
where org_id = $org_id
