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
where
    ($org_id is null or org_id = $org_id)
    and ($cycle_start_date is null or cycle_start_date = $cycle_start_date)
order by org_id asc, cycle_start_date asc, pool asc, users_count desc, reading asc
