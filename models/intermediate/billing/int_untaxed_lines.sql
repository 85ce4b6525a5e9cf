with

lines as (

    select * from {{ ref('int_invoice_charges') }}
    union all by name
    select * from {{ ref('int_minimum_charges') }}

)

-- Every line of an invoice but its taxes.
select
    org_id,
    contract_id,
    invoice_date,
    section,
    product_code,
    description,
    charge_type,
    service_period_start,
    service_period_end,
    quantity,
    unit_of_measure,
    unit_price,
    amount,
    currency,
    is_waived,
    waiver_reason,
    detail
from lines
