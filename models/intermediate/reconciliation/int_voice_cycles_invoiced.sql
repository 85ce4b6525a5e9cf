with

cycles as (

    select * from {{ ref('int_cycles') }}

),

telco_lines as (

    select * from {{ ref('int_vendor_lines') }}
    where kind in ('call', 'surcharge', 'number')

),

inbound_calls as (

    select * from {{ ref('int_calls_by_service') }}
    where service = 'inbound'

)

-- Toll-free calls are part of the Inbound row if the policy says so, by default if the
-- vendor's invoice has no toll-free row; but only if there is an Inbound row, the vendor's
-- or of our calls. Otherwise they are a row of their own (TELCO-02, X6).
select
    telco_lines.org_id,
    cycles.cycle_start_date,
    case any_value(cycles.telco_reconcile_rows)
        when 'three_rows' then true
        when 'four_rows' then false
        else not bool_or(telco_lines.product_code = 'telco_toll_free')
    end
    and bool_or(
        telco_lines.product_code = 'telco_inbound' or inbound_calls.org_id is not null
    ) as is_toll_free_folded
from telco_lines
inner join cycles
    on
        telco_lines.org_id = cycles.org_id
        and telco_lines.service_period_start >= cycles.cycle_start_date
        and telco_lines.service_period_start < cycles.cycle_end_date
left join inbound_calls
    on
        cycles.org_id = inbound_calls.org_id
        and cycles.cycle_start_date = inbound_calls.cycle_start_date
group by telco_lines.org_id, cycles.cycle_start_date
