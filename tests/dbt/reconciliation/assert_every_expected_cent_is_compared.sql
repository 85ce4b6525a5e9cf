-- Every final invoice comes out of the comparison with every cent, one of orders that is
-- billed with the next monthly one together with that; waived lines are worth none. The
-- taxes of a contract without a jurisdiction are expected as printed, beside it.
with

orders_answered as (

    select
        org_id,
        unnest(order_invoice_dates) as invoice_date,
        expected_invoice_date
    from {{ ref('int_invoice_answers') }}

),

expected as (

    select
        invoice_lines.org_id,
        coalesce(orders_answered.expected_invoice_date, invoice_lines.invoice_date)
            as invoice_date,
        sum(invoice_lines.amount) as amount
    from {{ ref('int_invoice_lines') }} as invoice_lines
    left join orders_answered
        on
            invoice_lines.org_id = orders_answered.org_id
            and invoice_lines.invoice_date = orders_answered.invoice_date
    where invoice_lines.invoice_status = 'final'
    group by all

),

compared as (

    select
        reconciled.org_id,
        coalesce(orders_answered.expected_invoice_date, reconciled.expected_invoice_date)
            as invoice_date,
        sum(reconciled.expected_amount) as amount
    from {{ ref('invoice_reconciliation') }} as reconciled
    anti join {{ ref('int_invoice_groups') }} as as_printed
        on
            reconciled.org_id = as_printed.org_id
            and 'as printed ' || reconciled.reconciliation_id = as_printed.line_id
    left join orders_answered
        on
            reconciled.org_id = orders_answered.org_id
            and reconciled.expected_invoice_date = orders_answered.invoice_date
    where reconciled.expected_amount is not null
    group by all

)

select
    coalesce(expected.org_id, compared.org_id) as org_id,
    coalesce(expected.invoice_date, compared.invoice_date) as invoice_date,
    expected.amount as final_amount,
    compared.amount as compared_amount
from expected
full outer join compared
    on
        expected.org_id = compared.org_id
        and expected.invoice_date = compared.invoice_date
where coalesce(expected.amount, 0) <> coalesce(compared.amount, 0)
