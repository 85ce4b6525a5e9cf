-- The amounts of the differences of an invoice sum to printed minus expected, to 0.00, and
-- no difference is of an invoice that is not there (INV-12). In another currency nothing is
-- compared in money.
with

explained as (

    select
        org_id,
        invoice_number,
        sum(amount) as amount
    from {{ ref('invoice_differences') }}
    group by org_id, invoice_number

)

select
    coalesce(invoices.org_id, explained.org_id) as org_id,
    coalesce(invoices.invoice_number, explained.invoice_number) as invoice_number,
    invoices.variance_amount,
    explained.amount as explained_amount
from {{ ref('vendor_invoices') }} as invoices
full outer join explained
    on
        invoices.org_id = explained.org_id
        and invoices.invoice_number = explained.invoice_number
where
    invoices.invoice_number is null
    or (
        invoices.variance_amount is not null
        and coalesce(explained.amount, 0) <> invoices.variance_amount
    )
