-- What has been charged in advance for a cycle: the first commitment of its year and every
-- raise since.
select
    cycles.org_id,
    cycles.cycle_start_date,
    prepaid_years.product_code,
    sum(prepaid_years.prepaid_quantity)::decimal(38, 6) as prepaid_quantity
from {{ ref('int_cycles') }} as cycles
inner join {{ ref('int_prepaid_years') }} as prepaid_years
    on
        cycles.org_id = prepaid_years.org_id
        and cycles.contract_id = prepaid_years.contract_id
        and cycles.cycle_start_date >= prepaid_years.service_period_start
        and cycles.cycle_start_date < prepaid_years.service_period_end
group by cycles.org_id, cycles.cycle_start_date, prepaid_years.product_code
