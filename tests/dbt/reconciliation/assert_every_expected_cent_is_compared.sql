-- Every final invoice comes out of the comparison with every cent; waived lines are worth
-- none. Toll-free calls that are part of Inbound are rounded together with it, which may
-- move one minor unit of the currency (TELCO-02).
with

expected as (

    select
        invoice_lines.org_id,
        invoice_lines.invoice_date,
        sum(invoice_lines.amount) as amount,
        count(*) filter (where invoice_lines.product_code = 'telco_toll_free')
            as toll_free_lines,
        any_value('1e-' || currencies.minor_units)::decimal(28, 4) as minor_unit
    from {{ ref('invoice_lines') }} as invoice_lines
    inner join {{ ref('currencies') }} as currencies
        on invoice_lines.currency = currencies.currency
    where invoice_lines.invoice_status = 'final'
    group by invoice_lines.org_id, invoice_lines.invoice_date

),

compared as (

    select
        org_id,
        expected_invoice_date as invoice_date,
        sum(expected_amount) as amount,
        count(*) filter (where product_code = 'telco_toll_free') as toll_free_lines
    from {{ ref('invoice_reconciliation') }}
    where expected_amount is not null
    group by org_id, expected_invoice_date

),

both_sides as (

    select
        coalesce(expected.org_id, compared.org_id) as org_id,
        coalesce(expected.invoice_date, compared.invoice_date) as invoice_date,
        expected.amount as final_amount,
        compared.amount as compared_amount,
        greatest(
            coalesce(expected.toll_free_lines, 0) - coalesce(compared.toll_free_lines, 0), 0
        )
        * coalesce(expected.minor_unit, 0) as rounding
    from expected
    full outer join compared
        on
            expected.org_id = compared.org_id
            and expected.invoice_date = compared.invoice_date

)

select *
from both_sides
where abs(coalesce(final_amount, 0) - coalesce(compared_amount, 0)) > rounding
