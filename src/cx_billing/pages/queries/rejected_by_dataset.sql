select
    dataset,
    reason,
    count(*) as rows_count,
    count(distinct org_id) as organizations_count
from marts.rejected_rows
where not is_retired
group by dataset, reason
order by rows_count desc, dataset asc, reason asc
