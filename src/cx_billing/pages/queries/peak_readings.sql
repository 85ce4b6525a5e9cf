select
    pool,
    reading,
    users_count,
    is_contract_rule,
    billable_quantity,
    invoiced_quantity,
    is_invoiced,
    comparison
from marts.peak_readings
where org_id = $org_id and cycle_start_date = $cycle_start_date
order by pool asc, users_count desc, reading asc
