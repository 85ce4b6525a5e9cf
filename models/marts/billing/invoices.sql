with

invoice_lines as (

    select
        *,
        section = 'taxes_and_fees' as is_tax
    from {{ ref('invoice_lines') }}

),

addresses as (

    select * from {{ ref('int_invoice_payers') }}

),

-- Who was to pay a sealed invoice, and until when.
sealed_invoices as (

    select
        org_id,
        invoice_date,
        any_value(billing_account_id) as billing_account_id,
        any_value(due_date) as due_date,
        any_value(sealed_at) as sealed_at,
        any_value(sealed_by) as sealed_by
    from {{ ref('int_sealed_lines') }}
    where entry = 'sealed'
    group by org_id, invoice_date

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
        coalesce(sum(amount) filter (where not is_tax), 0)::decimal(28, 4)
            as subtotal_amount,
        coalesce(sum(amount) filter (where is_tax), 0)::decimal(28, 4) as tax_amount,
        sum(amount)::decimal(28, 4) as total_amount
    from invoice_lines
    group by invoice_id, org_id, invoice_date, currency, invoice_status

),

-- An invoice of corrections alone has no contract of its own: it is paid as the one that
-- was sealed last.
sealed_last as (

    select
        org_id,
        arg_max(billing_account_id, invoice_date) as billing_account_id,
        arg_max(due_date - invoice_date, invoice_date) as payment_terms_days
    from sealed_invoices
    group by org_id

)

select
    totals.invoice_id,
    totals.org_id,
    coalesce(
        sealed_invoices.billing_account_id,
        addresses.billing_account_id,
        sealed_last.billing_account_id
    ) as billing_account_id,
    totals.invoice_date,
    coalesce(
        sealed_invoices.due_date,
        totals.invoice_date
        + coalesce(addresses.payment_terms_days, sealed_last.payment_terms_days)::integer
    )::date as due_date,
    totals.currency,
    totals.subtotal_amount,
    totals.tax_amount,
    totals.total_amount,
    totals.invoice_status,
    -- Without a cycle in arrears there is nothing to cover.
    coalesce(coverage.is_covered, true) as is_covered,
    coverage.coverage_note,
    sealed_invoices.sealed_at,
    sealed_invoices.sealed_by
from totals
left join addresses
    on
        totals.org_id = addresses.org_id
        and totals.invoice_date = addresses.invoice_date
left join sealed_invoices
    on
        totals.org_id = sealed_invoices.org_id
        and totals.invoice_date = sealed_invoices.invoice_date
left join sealed_last
    on totals.org_id = sealed_last.org_id
left join coverage
    on
        totals.org_id = coverage.org_id
        and totals.invoice_date = coverage.invoice_date
