with

lines as (

    select
        org_id,
        contract_id,
        invoice_date
    from {{ ref('int_invoice_charges') }}
    union
    select
        org_id,
        contract_id,
        invoice_date
    from {{ ref('int_minimum_charges') }}
    where amount > 0

),

contracts as (

    select * from {{ ref('int_contracts') }}

)

-- Who pays and until when: the latest of the contracts an invoice has lines of.
select
    lines.org_id,
    lines.invoice_date,
    max_by(contracts.billing_account_id, contracts.effective_date) as billing_account_id,
    max_by(contracts.payment_terms_days, contracts.effective_date) as payment_terms_days
from lines
inner join contracts
    on
        lines.org_id = contracts.org_id
        and lines.contract_id = contracts.contract_id
group by lines.org_id, lines.invoice_date
