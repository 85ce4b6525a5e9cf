select
    org_id,
    cycle_start_date,
    pool,
    reading,
    users_count,
    is_contract_rule,
    committed_quantity,
    billable_quantity,
    invoiced_quantity,
    is_invoiced,
    overage_amount,
    saved_price,
    comparison
from marts.peak_readings
where org_id = $org_id and cycle_start_date = $cycle_start_date
order by pool asc, users_count desc, reading asc
