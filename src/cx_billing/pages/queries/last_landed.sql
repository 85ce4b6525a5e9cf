select
    dataset,
    max(landed_at) as landed_at,
    count(distinct org_id) as organizations_count
from marts.load_audit
where withdrawn_at is null
group by dataset
order by dataset
