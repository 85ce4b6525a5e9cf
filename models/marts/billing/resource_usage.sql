select
    org_id,
    cycle_start_date,
    product_code,
    measured_quantity as used_quantity,
    included_quantity,
    above_allowance_quantity as overage_quantity
from {{ ref('int_usage_split') }}
where usage_area in ('resources', 'accounts')
