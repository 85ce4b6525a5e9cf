-- The voice cycles that a vendor invoice speaks of with a telco line, and whether toll-free
-- calls are part of Inbound there: as the policy says, by default where the invoice has no
-- row for them (TELCO-02, X6).
select
    vendor_lines.org_id,
    cycles.cycle_start_date,
    cycles.cycle_end_date,
    case any_value(cycles.telco_reconcile_rows)
        when 'three_rows' then true
        when 'four_rows' then false
        else not bool_or(vendor_lines.product_code = 'telco_toll_free')
    end as is_toll_free_folded
from {{ ref('int_vendor_lines') }} as vendor_lines
inner join {{ ref('int_cycles') }} as cycles
    on
        vendor_lines.org_id = cycles.org_id
        and vendor_lines.service_period_start >= cycles.cycle_start_date
        and vendor_lines.service_period_start < cycles.cycle_end_date
where vendor_lines.kind in ('call', 'surcharge', 'number')
group by vendor_lines.org_id, cycles.cycle_start_date, cycles.cycle_end_date
