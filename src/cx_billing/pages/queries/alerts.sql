select
    alert_id,
    org_id,
    cycle_start_date,
    alert,
    product_code,
    level,
    figure,
    limit_figure,
    seen_at,
    began_at,
    counts_at,
    message
from marts.alerts
order by
    alert = 'peak_forming' desc,
    org_id asc,
    cycle_start_date asc,
    alert asc,
    product_code asc,
    alert_id asc
