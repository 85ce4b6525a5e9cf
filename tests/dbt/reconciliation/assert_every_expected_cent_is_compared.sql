-- Final invoices come out of the comparison with every cent; waived lines are worth none.
with

expected as (

    select
        org_id,
        sum(amount) as amount
    from {{ ref('invoice_lines') }}
    where invoice_status = 'final'
    group by org_id

),

compared as (

    select
        org_id,
        coalesce(sum(expected_amount), 0) as amount
    from {{ ref('invoice_reconciliation') }}
    group by org_id

)

select
    expected.org_id,
    expected.amount as final_amount,
    compared.amount as compared_amount
from expected
left join compared
    on expected.org_id = compared.org_id
where expected.amount <> coalesce(compared.amount, 0)
