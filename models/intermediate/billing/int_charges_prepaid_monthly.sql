-- At the start of a cycle of the term, its commitment in advance; the first one stands on
-- the last ramp invoice (INV-04, RAMP-02).
select
    org_id,
    cycle_start_date,
    product_code,
    'prepay' as charge_type,
    cycle_start_date as invoice_date,
    cycle_start_date as service_period_start,
    cycle_end_date as service_period_end,
    committed_quantity as quantity,
    prepay_rate as unit_price
from {{ ref('int_usage_split') }}
where
    billing_option = 'annual_prepay_monthly'
    and committed_quantity > 0
