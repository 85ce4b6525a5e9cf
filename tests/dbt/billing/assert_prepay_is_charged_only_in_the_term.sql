-- The commitment begins with the subscription term: nothing is prepaid for the ramp
-- (RAMP-03).
{{ config(group='billing') }}
select
    charges.org_id,
    charges.invoice_date,
    charges.product_code,
    charges.service_period_start,
    contracts.term_start_date,
    contracts.term_end_date
from {{ ref('int_invoice_charges') }} as charges
inner join {{ ref('int_contracts') }} as contracts
    on
        charges.org_id = contracts.org_id
        and charges.contract_id = contracts.contract_id
where
    charges.charge_type = 'prepay'
    and (
        charges.service_period_start < contracts.term_start_date
        or charges.service_period_start >= contracts.term_end_date
        or (
            charges.service_period_end > contracts.term_end_date
            and contracts.after_term = 'ends'
        )
    )
