select
    licenses.org_id,
    licenses.cycle_start_date,
    licenses.product_code,
    licenses.license_model,
    licenses.named_users,
    licenses.peak_users,
    licenses.logged_in_hours,
    licenses.interacting_hours,
    licenses.actual_quantity,
    licenses.committed_quantity::decimal(38, 6) as committed_quantity,
    split.overage_quantity
from {{ ref('int_license_usage') }} as licenses
left join {{ ref('int_usage_split') }} as split
    on
        licenses.org_id = split.org_id
        and licenses.cycle_start_date = split.cycle_start_date
        and licenses.product_code = split.product_code
where licenses.actual_quantity > 0 or licenses.committed_quantity > 0
