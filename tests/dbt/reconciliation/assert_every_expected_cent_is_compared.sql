-- Every final invoice comes out of the comparison with every cent, that of an order beside
-- what it is billed with; waived lines are worth none. The taxes of a contract without a
-- jurisdiction are expected as printed, beside it.
with

answers as (

    select * from {{ ref('int_invoice_answers') }}

),

answered_lines as (

    select
        lines_answered.*,
        answers.expected_invoice_date
    from {{ ref('int_answered_lines') }} as lines_answered
    inner join answers
        on
            lines_answered.org_id = answers.org_id
            and lines_answered.invoice_number = answers.invoice_number

),

final_lines as (

    select * from {{ ref('int_invoice_lines') }}
    where invoice_status = 'final'

),

expected_lines as (

    select
        org_id,
        invoice_id,
        expected_invoice_date,
        amount
    from answered_lines
    union all
    select
        final_lines.org_id,
        final_lines.invoice_id,
        final_lines.invoice_date as expected_invoice_date,
        final_lines.amount
    from final_lines
    anti join answered_lines
        on
            final_lines.org_id = answered_lines.org_id
            and final_lines.invoice_line_id = answered_lines.invoice_line_id

),

compared_lines as (

    select
        reconciled.org_id,
        coalesce(
            answers.expected_invoice_date,
            answered_lines.expected_invoice_date,
            reconciled.expected_invoice_date
        ) as expected_invoice_date,
        reconciled.expected_amount as amount
    from {{ ref('invoice_reconciliation') }} as reconciled
    anti join {{ ref('int_invoice_groups') }} as as_printed
        on
            reconciled.org_id = as_printed.org_id
            and 'as printed ' || reconciled.reconciliation_id = as_printed.line_id
    left join answers
        on
            reconciled.org_id = answers.org_id
            and reconciled.invoice_number = answers.invoice_number
    left join answered_lines
        on
            reconciled.org_id = answered_lines.org_id
            and reconciled.reconciliation_id = answered_lines.invoice_line_id

),

-- Of what is divided no cent is lost: by invoice of ours, then by what it is beside.
sums as (

    select
        org_id,
        invoice_id as compared_by,
        amount as final_amount,
        null as compared_amount
    from final_lines
    union all
    select
        org_id,
        invoice_id as compared_by,
        null as final_amount,
        amount as compared_amount
    from expected_lines
    union all
    select
        org_id,
        expected_invoice_date::varchar as compared_by,
        amount as final_amount,
        null as compared_amount
    from expected_lines
    union all
    select
        org_id,
        expected_invoice_date::varchar as compared_by,
        null as final_amount,
        amount as compared_amount
    from compared_lines

)

select
    org_id,
    compared_by,
    sum(final_amount) as final_amount,
    sum(compared_amount) as compared_amount
from sums
group by org_id, compared_by
having coalesce(sum(final_amount), 0) <> coalesce(sum(compared_amount), 0)
