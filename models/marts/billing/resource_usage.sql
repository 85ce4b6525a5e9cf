select
    usage.org_id,
    usage.cycle_start_date,
    usage.product_code,
    usage.used_quantity,
    split.included_quantity,
    split.above_allowance_quantity as overage_quantity
from {{ ref('int_resource_usage') }} as usage
left join {{ ref('int_usage_split') }} as split
    on
        usage.org_id = split.org_id
        and usage.cycle_start_date = split.cycle_start_date
        and usage.product_code = split.product_code
