-- What the vendor invoiced for a service in a voice cycle, split U.S. / International where
-- the invoice does, and whether it did so in another currency than the contract's.
select
    vendor_lines.org_id,
    cycles.cycle_start_date,
    replace(vendor_lines.product_code, 'telco_', '') as service,
    sum(vendor_lines.amount) filter (where vendor_lines.breakout = 'us')
        as invoiced_us_amount,
    sum(vendor_lines.amount) filter (where vendor_lines.breakout = 'international')
        as invoiced_international_amount,
    sum(vendor_lines.amount) as invoiced_amount,
    bool_or(vendor_lines.currency <> cycles.currency) as is_other_currency
from {{ ref('int_vendor_lines') }} as vendor_lines
inner join {{ ref('int_cycles') }} as cycles
    on
        vendor_lines.org_id = cycles.org_id
        and vendor_lines.service_period_start >= cycles.cycle_start_date
        and vendor_lines.service_period_start < cycles.cycle_end_date
where vendor_lines.kind = 'call'
group by vendor_lines.org_id, cycles.cycle_start_date, vendor_lines.product_code
