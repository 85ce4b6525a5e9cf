select org_id
from marts.load_audit
where dataset <> 'coverage'
group by org_id
having coalesce(sum(rows_accepted) filter (where dataset <> 'coverage'), 0) = 0
order by org_id
