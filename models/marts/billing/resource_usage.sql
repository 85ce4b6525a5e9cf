select
    resources.org_id,
    resources.cycle_start_date,
    resources.product_code,
    resources.used_quantity,
    split.included_quantity,
    split.above_allowance_quantity as overage_quantity
from {{ ref('int_resource_usage') }} as resources
left join {{ ref('int_usage_split') }} as split
    on
        resources.org_id = split.org_id
        and resources.cycle_start_date = split.cycle_start_date
        and resources.product_code = split.product_code
