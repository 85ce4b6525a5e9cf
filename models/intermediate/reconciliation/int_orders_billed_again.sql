with

printed_lines as (

    select
        *,
        coalesce(match_code, description) as charged_for
    from {{ ref('int_vendor_lines') }}
    where other_currency is null

),

-- An order does not recur: once all that was ordered of a product by then is billed, the
-- same charge on a later number is billed again, with or without a period (INV-06).
ordered as (

    select
        org_id,
        match_code,
        invoice_date,
        sum(amount) as amount
    from {{ ref('int_expected_charges') }}
    where not is_prepay
    group by org_id, match_code, invoice_date
    qualify bool_and(bool_and(is_order)) over (partition by org_id, match_code)

),

ordered_in_all as (

    select
        org_id,
        match_code,
        sum(amount) as amount
    from ordered
    group by org_id, match_code

),

-- A line of more than was ordered in all is wrong: it comes last on its number.
billed_orders as (

    select
        printed_lines.org_id,
        printed_lines.vendor_line_id,
        printed_lines.invoice_number,
        printed_lines.charged_for,
        printed_lines.amount,
        printed_lines.invoice_date,
        sum(printed_lines.amount) over (
            partition by printed_lines.org_id, printed_lines.charged_for
            order by
                printed_lines.invoice_date,
                try_cast(printed_lines.invoice_number as hugeint) nulls last,
                printed_lines.invoice_number,
                printed_lines.amount > ordered_in_all.amount,
                printed_lines.source_row
        ) - printed_lines.amount as billed_before
    from printed_lines
    inner join ordered_in_all
        on
            printed_lines.org_id = ordered_in_all.org_id
            and printed_lines.charged_for = ordered_in_all.match_code
    where not printed_lines.is_prepay and printed_lines.amount > 0

)

select
    later.org_id,
    later.vendor_line_id,
    min_by(earlier.invoice_number, earlier.billed_before) as first_invoice_number
from billed_orders as later
inner join billed_orders as earlier
    on
        later.org_id = earlier.org_id
        and later.charged_for = earlier.charged_for
        and later.amount = earlier.amount
        and later.invoice_number <> earlier.invoice_number
        and later.billed_before > earlier.billed_before
inner join {{ ref('billing_policies') }} as policies
    on
        later.invoice_date >= policies.valid_from
        and later.invoice_date < policies.valid_to
where
    later.billed_before >= (
        select sum(ordered.amount)
        from ordered
        where
            ordered.org_id = later.org_id
            and ordered.match_code = later.charged_for
            and ordered.invoice_date
            <= later.invoice_date + policies.invoice_days_early
    )
group by later.org_id, later.vendor_line_id
