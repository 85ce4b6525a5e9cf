with

by_service as (

    select * from {{ ref('int_calls_by_service') }}
    where service <> 'byoc'

),

invoiced as (

    select * from {{ ref('int_telco_invoiced') }}

),

at_midnight as (

    select * from {{ ref('int_calls_cut_at_midnight') }}

),

landed_twice as (

    select * from {{ ref('int_calls_landed_twice') }}

),

covering_invoices as (

    select * from {{ ref('int_voice_cycles_invoiced') }}

),

both_sides as (

    select
        coalesce(by_service.org_id, invoiced.org_id) as org_id,
        coalesce(by_service.cycle_start_date, invoiced.cycle_start_date)
            as cycle_start_date,
        coalesce(by_service.service, invoiced.service) as service,
        coalesce(by_service.calls_count, 0) as calls_count,
        coalesce(by_service.cdr_minutes, 0)::decimal(38, 6) as cdr_minutes,
        coalesce(by_service.cdr_cost, 0)::decimal(38, 10) as cdr_cost,
        coalesce(by_service.rated_cost, 0)::decimal(38, 4) as rated_cost,
        invoiced.invoiced_us_amount,
        invoiced.invoiced_international_amount,
        invoiced.invoiced_amount,
        coalesce(invoiced.is_other_currency, false) as is_other_currency
    from by_service
    full outer join invoiced
        on
            by_service.org_id = invoiced.org_id
            and by_service.cycle_start_date = invoiced.cycle_start_date
            and by_service.service = invoiced.service

),

cycles_with_inbound as (

    select
        org_id,
        cycle_start_date
    from both_sides
    where service = 'inbound'

)

-- Toll-free is a row of its own on the invoice, or part of Inbound (TELCO-02).
select
    both_sides.*,
    covering_invoices.org_id is not null as has_invoice,
    case
        when
            both_sides.service = 'toll_free'
            and covering_invoices.is_toll_free_folded
            and cycles_with_inbound.org_id is not null
            then 'inbound'
        else both_sides.service
    end as invoice_service,
    coalesce(at_midnight.cdr_cost_at_midnight, 0)::decimal(38, 10)
        as cdr_cost_at_midnight,
    coalesce(landed_twice.current_cost, 0)::decimal(38, 10) as current_cost,
    coalesce(landed_twice.earlier_cost, 0)::decimal(38, 10) as earlier_cost
from both_sides
left join cycles_with_inbound
    on
        both_sides.org_id = cycles_with_inbound.org_id
        and both_sides.cycle_start_date = cycles_with_inbound.cycle_start_date
left join covering_invoices
    on
        both_sides.org_id = covering_invoices.org_id
        and both_sides.cycle_start_date = covering_invoices.cycle_start_date
left join at_midnight
    on
        both_sides.org_id = at_midnight.org_id
        and both_sides.cycle_start_date = at_midnight.cycle_start_date
        and both_sides.service = at_midnight.service
left join landed_twice
    on
        both_sides.org_id = landed_twice.org_id
        and both_sides.cycle_start_date = landed_twice.cycle_start_date
        and both_sides.service = landed_twice.service
