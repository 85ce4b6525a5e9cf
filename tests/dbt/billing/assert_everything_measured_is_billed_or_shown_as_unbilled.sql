-- Per cycle and product: measured = on a line in arrears + within the allowance + within
-- the commitment + without a price. Nothing vanishes, nothing is charged twice (INV-01,
-- FU-03); where overage is billed in whole units, less than one may be added (FU-07).
{{ config(group='billing') }}
with

measured as (

    select
        org_id,
        cycle_start_date,
        product_code,
        sum(measured_quantity) as quantity
    from {{ ref('int_usage_by_cycle') }}
    where measured_quantity <> 0
    group by org_id, cycle_start_date, product_code

),

cycles as (

    select * from {{ ref('billing_cycles') }}
    where clock = 'core'

),

billed as (

    select
        invoice_lines.org_id,
        cycles.cycle_start_date,
        invoice_lines.product_code,
        sum(invoice_lines.quantity) as quantity
    from {{ ref('int_invoice_lines') }} as invoice_lines
    inner join cycles
        on
            invoice_lines.org_id = cycles.org_id
            and invoice_lines.service_period_start = cycles.cycle_start_date
            and invoice_lines.service_period_end = cycles.cycle_end_date
    inner join {{ ref('int_products') }} as products
        on
            invoice_lines.product_code = products.product_code
            and (products.org_id is null or invoice_lines.org_id = products.org_id)
    where
        invoice_lines.charge_type in ('usage', 'overage', 'recurring', 'surcharge')
        and products.kind not in ('call', 'number')
    group by
        invoice_lines.org_id, cycles.cycle_start_date, invoice_lines.product_code

),

unbilled as (

    select
        unbilled_usage.org_id,
        unbilled_usage.cycle_start_date,
        unbilled_usage.product_code,
        sum(unbilled_usage.quantity) as quantity
    from {{ ref('unbilled_usage') }} as unbilled_usage
    inner join {{ ref('int_products') }} as products
        on
            unbilled_usage.product_code = products.product_code
            and (products.org_id is null or unbilled_usage.org_id = products.org_id)
    where
        unbilled_usage.reason in (
            'within_allowance', 'within_commitment', 'no_contract_item'
        )
        and products.kind not in ('call', 'number')
    group by
        unbilled_usage.org_id,
        unbilled_usage.cycle_start_date,
        unbilled_usage.product_code

),

accounted as (

    select
        org_id,
        cycle_start_date,
        product_code,
        sum(quantity) as quantity
    from (
        select * from billed
        union all
        select * from unbilled
    ) as both_kinds
    group by org_id, cycle_start_date, product_code

)

select
    coalesce(measured.org_id, accounted.org_id) as org_id,
    coalesce(measured.cycle_start_date, accounted.cycle_start_date) as cycle_start_date,
    coalesce(measured.product_code, accounted.product_code) as product_code,
    measured.quantity as measured_quantity,
    accounted.quantity as accounted_quantity
from measured
full outer join accounted
    on
        measured.org_id = accounted.org_id
        and measured.cycle_start_date = accounted.cycle_start_date
        and measured.product_code = accounted.product_code
left join {{ ref('int_usage_by_cycle') }} as terms
    on
        measured.org_id = terms.org_id
        and measured.cycle_start_date = terms.cycle_start_date
        and measured.product_code = terms.product_code
where
    measured.quantity is distinct from accounted.quantity
    and not coalesce(
        terms.overage_rounding = 'whole_unit'
        and accounted.quantity > measured.quantity
        and accounted.quantity < measured.quantity + 1,
        false
    )
