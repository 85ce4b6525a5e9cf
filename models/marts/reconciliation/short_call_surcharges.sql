with

measured as (

    select * from {{ ref('int_short_calls') }}

),

contract_items as (

    select * from {{ ref('int_contract_items') }}
    where product_code = 'short_call_surcharge'

),

cycles as (

    select * from {{ ref('int_cycles') }}

),

voice_cycles as (

    select * from {{ ref('int_voice_cycles_invoiced') }}

),

invoiced as (

    select
        vendor_lines.org_id,
        cycles.cycle_start_date,
        sum(vendor_lines.quantity) as invoiced_quantity
    from {{ ref('int_vendor_lines') }} as vendor_lines
    inner join cycles
        on
            vendor_lines.org_id = cycles.org_id
            and vendor_lines.service_period_start >= cycles.cycle_start_date
            and vendor_lines.service_period_start < cycles.cycle_end_date
    where vendor_lines.kind = 'surcharge'
    group by vendor_lines.org_id, cycles.cycle_start_date

)

select
    measured.org_id,
    measured.cycle_start_date,
    measured.completed_calls,
    measured.short_calls,
    measured.short_share,
    measured.surcharge_quantity,
    contract_items.overage_rate as rate,
    {{ round_money(
        'measured.surcharge_quantity * contract_items.overage_rate',
        'cycles.minor_units'
    ) }} as amount,
    invoiced.invoiced_quantity::decimal(38, 6) as invoiced_quantity,
    case
        when voice_cycles.org_id is null then 'no_invoice'
        when coalesce(invoiced.invoiced_quantity, 0) = measured.surcharge_quantity
            then 'matched'
        when invoiced.invoiced_quantity is null then 'missing_on_invoice'
        when measured.surcharge_quantity = 0 then 'not_expected'
        else 'quantity_differs'
    end as status,
    cycles.cycle_end_date as invoice_date
from measured
inner join cycles
    on
        measured.org_id = cycles.org_id
        and measured.cycle_start_date = cycles.cycle_start_date
left join contract_items
    on
        measured.org_id = contract_items.org_id
        and measured.cycle_start_date = contract_items.cycle_start_date
left join voice_cycles
    on
        measured.org_id = voice_cycles.org_id
        and measured.cycle_start_date = voice_cycles.cycle_start_date
left join invoiced
    on
        measured.org_id = invoiced.org_id
        and measured.cycle_start_date = invoiced.cycle_start_date
