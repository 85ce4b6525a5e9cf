-- The amounts of the differences of an invoice sum to printed minus expected, to 0.00, and
-- so do the variances of its lines; no difference is of an invoice that is not there
-- (INV-12). In another currency nothing is compared in money.
with

explained as (

    select
        org_id,
        invoice_number,
        sum(amount) as amount
    from {{ ref('invoice_differences') }}
    group by org_id, invoice_number

),

groups as (

    select distinct
        org_id,
        group_id,
        invoice_number
    from {{ ref('vendor_invoice_lines') }}

),

compared as (

    select
        reconciled.org_id,
        groups.invoice_number,
        sum(reconciled.variance_amount) as amount
    from {{ ref('invoice_reconciliation') }} as reconciled
    inner join groups
        on reconciled.org_id = groups.org_id and reconciled.match_group = groups.group_id
    group by reconciled.org_id, groups.invoice_number

)

select
    coalesce(invoices.org_id, explained.org_id) as org_id,
    coalesce(invoices.invoice_number, explained.invoice_number) as invoice_number,
    invoices.variance_amount,
    explained.amount as explained_amount,
    compared.amount as compared_amount
from {{ ref('vendor_invoices') }} as invoices
full outer join explained
    on
        invoices.org_id = explained.org_id
        and invoices.invoice_number = explained.invoice_number
left join compared
    on
        invoices.org_id = compared.org_id
        and invoices.invoice_number = compared.invoice_number
where
    invoices.invoice_number is null
    or (
        invoices.variance_amount is not null
        and (
            coalesce(explained.amount, 0) <> invoices.variance_amount
            or coalesce(compared.amount, 0) <> invoices.variance_amount
        )
    )
