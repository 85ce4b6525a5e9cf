-- How far the data of each organization reaches, by dataset.
select
    org_id,
    dataset,
    string_agg(distinct basis, ', ' order by basis) as basis,
    min(covered_from) as covered_from,
    max(covered_to) as covered_to
from marts.coverage
group by org_id, dataset
order by dataset, covered_to, org_id
