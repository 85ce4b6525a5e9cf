select
    pool,
    reading,
    users_count,
    is_contract_rule,
    stretches_count,
    started_at,
    ended_at,
    last_ended_at,
    counted_minutes,
    users_on_count,
    user_ids,
    fewer_users_at_least,
    fewer_users_at_most
from marts.peak_explanations
where org_id = $org_id and cycle_start_date = $cycle_start_date and pool = $pool
order by users_count desc, reading asc
