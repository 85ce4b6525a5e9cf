-- A prepaid year is charged with the commitment of its first day; one that is raised within
-- the year is in the overage of its cycles only, and on no prepay line (INV-05, INV-11).
-- Whether the vendor charges the rest is a matter of the amendment: a warning, no failure.
{{ config(group='billing', severity='warn') }}
with

term_years as (

    select
        *,
        lead(year_start_date, 1, '9999-12-31'::date) over (
            partition by org_id, contract_id order by year_start_date
        ) as next_year_start_date
    from {{ ref('int_term_years') }}

),

cycles as (

    select
        cycles.org_id,
        cycles.cycle_start_date,
        cycles.contract_id,
        term_years.year_start_date
    from {{ ref('int_cycles') }} as cycles
    inner join term_years
        on
            cycles.org_id = term_years.org_id
            and cycles.contract_id = term_years.contract_id
            and cycles.cycle_start_date >= term_years.year_start_date
            and cycles.cycle_start_date < term_years.next_year_start_date
    where
        cycles.phase = 'term'
        and cycles.billing_option = 'annual_prepay'

)

select
    cycles.org_id,
    cycles.cycle_start_date,
    items.product_code,
    coalesce(prepaid.committed_quantity, 0) as prepaid_quantity,
    items.committed_quantity
from cycles
inner join {{ ref('int_contract_items') }} as items
    on
        cycles.org_id = items.org_id
        and cycles.cycle_start_date = items.cycle_start_date
inner join {{ ref('int_products') }} as products
    on
        items.product_code = products.product_code
        and products.can_be_committed
left join {{ ref('int_charges_by_year') }} as prepaid
    on
        cycles.org_id = prepaid.org_id
        and cycles.contract_id = prepaid.contract_id
        and cycles.year_start_date = prepaid.service_period_start
        and items.product_code = prepaid.product_code
where items.committed_quantity > coalesce(prepaid.committed_quantity, 0)
