-- Month to month: never less than the commitment, in arrears (INV-01, INV-05).
select
    org_id,
    cycle_start_date,
    product_code,
    'committed' as charge_type,
    cycle_end_date as invoice_date,
    cycle_start_date as service_period_start,
    cycle_end_date as service_period_end,
    committed_quantity as quantity,
    prepay_rate as unit_price
from {{ ref('int_usage_split') }}
where
    billing_option = 'month_to_month'
    and committed_quantity > 0
