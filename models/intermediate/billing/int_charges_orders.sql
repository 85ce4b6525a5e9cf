with

-- Invoiced when ordered, hardware when it has shipped (INV-06).
due_orders as (

    select
        *,
        case when is_hardware then shipped_date else ordered_date end as due_date
    from {{ ref('stg_orders') }}
    where row_status = 'accepted'

),

cycles as (

    select * from {{ ref('int_cycles') }}

)

select
    due_orders.org_id,
    cycles.cycle_start_date,
    due_orders.product_code,
    'one_time' as charge_type,
    due_orders.due_date as invoice_date,
    due_orders.due_date as service_period_start,
    due_orders.due_date + 1 as service_period_end,
    due_orders.quantity::decimal(38, 6) as quantity,
    due_orders.unit_price,
    'order ' || due_orders.order_id as detail
from due_orders
inner join cycles
    on
        due_orders.org_id = cycles.org_id
        and due_orders.due_date >= cycles.cycle_start_date
        and due_orders.due_date < cycles.cycle_end_date
        and due_orders.due_date < cycles.usage_through_at
