with

contracts as (

    select * from {{ ref('int_contracts') }}
    where billing_option = 'annual_prepay'

),

term_years as (

    select * from {{ ref('int_term_years') }}

),

contract_items as (

    select * from {{ ref('int_contract_items') }}

),

products as (

    select * from {{ ref('int_products') }}
    where can_be_committed

)

-- The first year is invoiced when the order is placed, the others when they start, with the
-- commitment in force on their first day (INV-05, INV-11).
select
    term_years.org_id,
    term_years.contract_id,
    contract_items.product_code,
    'prepay' as charge_type,
    case
        when term_years.year_number = 1 then contracts.effective_date
        else term_years.year_start_date
    end as invoice_date,
    term_years.year_start_date as service_period_start,
    term_years.year_end_date as service_period_end,
    contract_items.committed_quantity,
    contract_items.committed_quantity * term_years.months_count as quantity,
    contract_items.prepay_rate as unit_price
from term_years
inner join contracts
    on
        term_years.org_id = contracts.org_id
        and term_years.contract_id = contracts.contract_id
inner join contract_items
    on
        term_years.org_id = contract_items.org_id
        and term_years.contract_id = contract_items.contract_id
        and term_years.year_start_date = contract_items.start_date
inner join products
    on contract_items.product_code = products.product_code
