with

invoice_lines as (

    select * from {{ ref('invoice_lines') }}

),

addresses as (

    select * from {{ ref('int_invoice_payers') }}

),

coverage as (

    select * from {{ ref('int_invoice_coverage') }}

),

totals as (

    select
        invoice_id,
        org_id,
        invoice_date,
        currency,
        invoice_status,
        coalesce(sum(amount) filter (where charge_type <> 'tax'), 0)::decimal(28, 4)
            as subtotal_amount,
        coalesce(sum(amount) filter (where charge_type = 'tax'), 0)::decimal(28, 4)
            as tax_amount,
        sum(amount)::decimal(28, 4) as total_amount
    from invoice_lines
    group by invoice_id, org_id, invoice_date, currency, invoice_status

)

select
    totals.invoice_id,
    totals.org_id,
    addresses.billing_account_id,
    totals.invoice_date,
    (totals.invoice_date + addresses.payment_terms_days)::date as due_date,
    totals.currency,
    totals.subtotal_amount,
    totals.tax_amount,
    totals.total_amount,
    totals.invoice_status,
    -- Without a cycle in arrears there is nothing to cover.
    coalesce(coverage.is_covered, true) as is_covered,
    coverage.coverage_note
from totals
inner join addresses
    on
        totals.org_id = addresses.org_id
        and totals.invoice_date = addresses.invoice_date
left join coverage
    on
        totals.org_id = coverage.org_id
        and totals.invoice_date = coverage.invoice_date
