select kept.*
from earlier.marts.alerts as kept
inner join reference.alert_limits as limits
    on kept.alert = limits.alert
cross join marts.build as built
where
    kept.alert = 'final_invoice_changed'
    and kept.seen_at + limits.days_kept * interval 1 day >= built.built_at
