select
    org_id,
    contract_id,
    product_code,
    'one_time' as charge_type,
    due_date as invoice_date,
    due_date as service_period_start,
    due_date + 1 as service_period_end,
    quantity::decimal(38, 6) as quantity,
    unit_price,
    'order ' || order_id as detail
from {{ ref('int_orders') }}
where is_due and contract_id is not null
