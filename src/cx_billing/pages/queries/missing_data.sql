select
    org_id,
    finding,
    is_bill_affected,
    dataset,
    items_count,
    first_at,
    last_at,
    note
from marts.missing_data
order by org_id, dataset
