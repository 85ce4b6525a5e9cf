-- The disputed products in each cycle that the invoice bills in arrears; the tables of
-- usage are about these.
select distinct
    differences.product_code,
    billing_cycles.cycle_start_date
from dispute_differences as differences
cross join dispute_our_lines as our_lines
inner join marts.billing_cycles
    on our_lines.service_period_start = billing_cycles.cycle_start_date
where
    differences.is_claimed
    and differences.product_code is not null
    and our_lines.service_period_start < our_lines.invoice_date
    and billing_cycles.org_id = $org_id
    and billing_cycles.clock = 'core'
order by differences.product_code, billing_cycles.cycle_start_date
