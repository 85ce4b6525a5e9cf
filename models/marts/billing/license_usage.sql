select
    usage.org_id,
    usage.cycle_start_date,
    usage.product_code,
    usage.license_model,
    usage.named_users,
    usage.peak_users,
    usage.logged_in_hours,
    usage.interacting_hours,
    usage.actual_quantity,
    usage.committed_quantity::decimal(38, 6) as committed_quantity,
    split.overage_quantity
from {{ ref('int_license_usage') }} as usage
left join {{ ref('int_usage_split') }} as split
    on
        usage.org_id = split.org_id
        and usage.cycle_start_date = split.cycle_start_date
        and usage.product_code = split.product_code
