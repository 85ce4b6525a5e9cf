select
    numbers.org_id,
    numbers.cycle_start_date,
    numbers.product_code,
    case
        when numbers.days_held is null then 'one_time' else 'recurring'
    end as charge_type,
    cycles.cycle_end_date as invoice_date,
    cycles.cycle_start_date as service_period_start,
    cycles.cycle_end_date as service_period_end,
    numbers.quantity,
    numbers.unit_price,
    numbers.number_type
    || ', purchased ' || numbers.purchased_date
    || coalesce(', ' || numbers.days_held || ' days', '') as detail
from {{ ref('int_numbers_priced') }} as numbers
inner join {{ ref('int_cycles') }} as cycles
    on
        numbers.org_id = cycles.org_id
        and numbers.cycle_start_date = cycles.cycle_start_date
