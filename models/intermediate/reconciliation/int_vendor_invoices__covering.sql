-- The voice cycles that a vendor invoice speaks of with a telco line, and whether it has a
-- toll-free row of its own (TELCO-02).
select
    vendor_lines.org_id,
    cycles.cycle_start_date,
    cycles.cycle_end_date,
    bool_or(vendor_lines.product_code = 'telco_toll_free') as has_toll_free_row
from {{ ref('int_vendor_lines__classified') }} as vendor_lines
inner join {{ ref('int_cycles') }} as cycles
    on
        vendor_lines.org_id = cycles.org_id
        and cycles.clock = 'voice'
        and vendor_lines.service_period_start >= cycles.cycle_start_date
        and vendor_lines.service_period_start < cycles.cycle_end_date
where vendor_lines.kind in ('call', 'surcharge', 'number')
group by vendor_lines.org_id, cycles.cycle_start_date, cycles.cycle_end_date
