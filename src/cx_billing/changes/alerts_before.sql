select
    kept.alert_id,
    kept.org_id,
    kept.cycle_start_date,
    kept.alert,
    kept.figure,
    kept.limit_figure,
    kept.seen_at,
    kept.message
from earlier.marts.alerts as kept
inner join reference.alert_limits as limits
    on kept.alert = limits.alert
cross join marts.build as built
where
    kept.alert = 'final_invoice_changed'
    and kept.seen_at + limits.days_kept * interval 1 day >= built.built_at
