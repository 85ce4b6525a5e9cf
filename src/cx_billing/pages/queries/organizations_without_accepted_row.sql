select org_id
from marts.load_audit
group by org_id
having sum(rows_accepted) = 0
order by org_id
