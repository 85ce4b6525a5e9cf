-- Prepaid is what is committed when the service period starts: once for a cycle, once per
-- whole month for a year (INV-05, INV-11).
{{ config(group='billing') }}
with

prepay_lines as (

    select
        charges.org_id,
        charges.contract_id,
        charges.invoice_date,
        charges.product_code,
        charges.service_period_start,
        charges.service_period_end,
        charges.quantity,
        contracts.billing_option
    from {{ ref('int_invoice_charges') }} as charges
    inner join {{ ref('int_contracts') }} as contracts
        on
            charges.org_id = contracts.org_id
            and charges.contract_id = contracts.contract_id
    where charges.charge_type = 'prepay'

),

months_of_year as (

    select unnest(generate_series(1, 12)) as month_of_year

),

-- A year counts its whole months, a cycle counts once.
with_months as (

    select
        prepay_lines.*,
        case prepay_lines.billing_option
            when 'annual_prepay'
                then (
                    select count(*)
                    from months_of_year
                    where
                        prepay_lines.service_period_start
                        + to_months(months_of_year.month_of_year::integer)
                        <= prepay_lines.service_period_end
                )
            else 1
        end as months
    from prepay_lines

),

contract_items as (

    select * from {{ ref('stg_contract_items') }}
    where row_status = 'accepted'

)

select
    with_months.org_id,
    with_months.contract_id,
    with_months.invoice_date,
    with_months.product_code,
    with_months.service_period_start,
    with_months.quantity,
    with_months.months
from with_months
anti join contract_items
    on
        with_months.org_id = contract_items.org_id
        and with_months.contract_id = contract_items.contract_id
        and with_months.product_code = contract_items.product_code
        and with_months.service_period_start
        >= coalesce(contract_items.effective_from, '0001-01-01'::date)
        and with_months.service_period_start
        < coalesce(contract_items.effective_to, '9999-12-31'::date)
        and with_months.quantity = contract_items.committed_quantity * with_months.months
