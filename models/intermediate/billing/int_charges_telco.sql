with

by_service as (

    select * from {{ ref('int_calls_by_service') }}
    where service <> 'byoc'

),

cycles as (

    select * from {{ ref('int_cycles') }}

)

-- The vendor rates each call; the line is the sum of its costs, the unit price is what that
-- comes to per minute (TELCO-02, VOICE-05).
select
    by_service.org_id,
    by_service.cycle_start_date,
    'telco_' || by_service.service as product_code,
    'usage' as charge_type,
    cycles.cycle_end_date as invoice_date,
    cycles.cycle_start_date as service_period_start,
    cycles.cycle_end_date as service_period_end,
    by_service.cdr_minutes as quantity,
    by_service.cdr_cost as unrounded_amount,
    case
        when by_service.cdr_minutes > 0 and by_service.cdr_cost >= 0
            then {{ divide_half_up(
                'by_service.cdr_cost', 'by_service.cdr_minutes'
            ) }}::decimal(28, 10)
    end as unit_price
from by_service
inner join cycles
    on
        by_service.org_id = cycles.org_id
        and by_service.cycle_start_date = cycles.cycle_start_date
