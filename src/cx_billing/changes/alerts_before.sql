select alerts.*
from earlier.marts.alerts as alerts
inner join reference.alert_limits as limits
    on alerts.alert = limits.alert
cross join marts.build as build
where
    alerts.alert = 'final_invoice_changed'
    and alerts.seen_at + limits.days_kept * interval 1 day >= build.built_at
