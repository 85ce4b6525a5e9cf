with

printed_lines as (

    select
        *,
        coalesce(match_code, description) as charged_for
    from {{ ref('int_vendor_lines') }}
    where other_currency is null

),

answers as (

    select * from {{ ref('int_invoice_answers') }}

),

cycles as (

    select * from {{ ref('int_cycles') }}

),

expected_charges as (

    select * from {{ ref('int_expected_charges') }}

),

orders as (

    select * from {{ ref('int_orders_billed_elsewhere') }}

),

-- An order may be billed with another invoice (INV-06).
charges_answered as (

    select
        expected_charges.org_id,
        coalesce(orders.expected_invoice_date, expected_charges.invoice_date)
            as answered_date,
        expected_charges.match_code,
        expected_charges.is_prepay,
        bool_or(expected_charges.is_tax) as is_tax,
        sum(expected_charges.amount) as amount,
        sum(expected_charges.quantity) as quantity
    from expected_charges
    left join orders
        on
            expected_charges.org_id = orders.org_id
            and expected_charges.invoice_date = orders.invoice_date
            and expected_charges.match_code = orders.match_code
            and not expected_charges.is_prepay
            and not orders.is_rest
    group by all

),

-- What all numbers for an invoice of ours bill of a charge: if it is the money or the units
-- that we have, they share it.
shared as (

    select
        printed_lines.org_id,
        answers.expected_invoice_date,
        printed_lines.charged_for,
        printed_lines.is_prepay
    from printed_lines
    inner join answers
        on
            printed_lines.org_id = answers.org_id
            and printed_lines.invoice_number = answers.invoice_number
    inner join charges_answered as ours
        on
            answers.org_id = ours.org_id
            and answers.expected_invoice_date = ours.answered_date
            and printed_lines.charged_for = ours.match_code
            and printed_lines.is_prepay = ours.is_prepay
    group by all
    having
        min(printed_lines.amount) >= 0
        and (
            sum(printed_lines.amount) = any_value(ours.amount)
            or (
                sum(printed_lines.quantity) = any_value(ours.quantity)
                and count(printed_lines.quantity) = count(*)
                and not bool_or(ours.is_tax)
            )
        )

),

-- What an invoice of ours has that no number of the vendor answers.
unanswered as (

    select
        expected_charges.org_id,
        expected_charges.invoice_date,
        expected_charges.match_code as charged_for,
        expected_charges.is_prepay,
        expected_charges.amount
    from expected_charges
    anti join answers
        on
            expected_charges.org_id = answers.org_id
            and expected_charges.invoice_date = answers.expected_invoice_date
    anti join orders
        on
            expected_charges.org_id = orders.org_id
            and expected_charges.invoice_date = orders.invoice_date
            and expected_charges.match_code = orders.match_code

),

-- Every charge of a number once: an invoice may have thousands of equal lines.
charges as (

    select distinct
        printed_lines.org_id,
        answers.expected_invoice_date,
        answers.billing_place,
        printed_lines.invoice_number,
        printed_lines.charged_for,
        printed_lines.is_prepay,
        printed_lines.amount,
        printed_lines.quantity,
        printed_lines.is_without_period,
        printed_lines.service_period_start,
        printed_lines.service_period_end,
        printed_lines.is_tax,
        printed_lines.invoice_date,
        policies.period_shift_days,
        policies.invoice_days_early,
        policies.invoice_days_late,
        -- Once the cycle ends in which our invoice is dated, it may be the next invoice.
        coalesce(
            printed_lines.invoice_date + policies.invoice_days_early
            < cycles.cycle_end_date,
            true
        ) as is_of_same_month
    from printed_lines
    inner join answers
        on
            printed_lines.org_id = answers.org_id
            and printed_lines.invoice_number = answers.invoice_number
    inner join {{ ref('billing_policies') }} as policies
        on
            printed_lines.invoice_date >= policies.valid_from
            and printed_lines.invoice_date < policies.valid_to
    left join cycles
        on
            answers.org_id = cycles.org_id
            and answers.expected_invoice_date >= cycles.cycle_start_date
            and answers.expected_invoice_date < cycles.cycle_end_date
    where printed_lines.amount <> 0

),

charges_counted as (

    select
        *,
        count(*) filter (where not is_tax) over (partition by org_id, invoice_number)
            as charges_of_number
    from charges

),

-- A number may mean an invoice of ours that nobody answers and that has every charge of it.
late_numbers as (

    select
        charges.org_id,
        charges.invoice_number
    from charges_counted as charges
    inner join unanswered
        on
            charges.org_id = unanswered.org_id
            and charges.charged_for = unanswered.charged_for
            and charges.is_prepay = unanswered.is_prepay
            and charges.amount = unanswered.amount
            and charges.invoice_date - unanswered.invoice_date
            between -charges.invoice_days_early and charges.invoice_days_late
    where not charges.is_tax
    group by charges.org_id, charges.invoice_number, unanswered.invoice_date
    having count(*) = any_value(charges.charges_of_number)

),

-- An invoice of ours is billed once: a charge that an earlier number for it has is billed
-- again, also where one of them prints no period.
answered_twice as (

    select
        later.org_id,
        later.invoice_number,
        later.charged_for,
        later.is_prepay,
        later.amount,
        later.quantity,
        later.service_period_start,
        later.service_period_end,
        min_by(earlier.invoice_number, earlier.billing_place) as first_invoice_number
    from charges as later
    inner join charges as earlier
        on
            later.org_id = earlier.org_id
            and later.expected_invoice_date = earlier.expected_invoice_date
            and later.billing_place > earlier.billing_place
            and later.charged_for = earlier.charged_for
            and later.is_prepay = earlier.is_prepay
            and later.amount = earlier.amount
            and coalesce(later.quantity = earlier.quantity, true)
            and (
                later.is_without_period
                or earlier.is_without_period
                or greatest(
                    abs(later.service_period_start - earlier.service_period_start),
                    abs(later.service_period_end - earlier.service_period_end)
                ) <= later.period_shift_days
            )
    anti join late_numbers
        on
            later.org_id = late_numbers.org_id
            and later.invoice_number = late_numbers.invoice_number
    where later.is_of_same_month
    group by all

)

select
    printed_lines.org_id,
    printed_lines.vendor_line_id,
    coalesce(
        printed_lines.first_invoice_number,
        answered_twice.first_invoice_number,
        orders_billed_twice.first_invoice_number
    ) as first_invoice_number
from printed_lines
left join {{ ref('int_orders_billed_again') }} as orders_billed_twice
    on
        printed_lines.org_id = orders_billed_twice.org_id
        and printed_lines.vendor_line_id = orders_billed_twice.vendor_line_id
left join answered_twice
    on
        printed_lines.org_id = answered_twice.org_id
        and printed_lines.invoice_number = answered_twice.invoice_number
        and printed_lines.charged_for = answered_twice.charged_for
        and printed_lines.is_prepay = answered_twice.is_prepay
        and printed_lines.amount = answered_twice.amount
        and printed_lines.quantity is not distinct from answered_twice.quantity
        and printed_lines.service_period_start = answered_twice.service_period_start
        and printed_lines.service_period_end = answered_twice.service_period_end
left join answers
    on
        printed_lines.org_id = answers.org_id
        and printed_lines.invoice_number = answers.invoice_number
left join answers as firsts
    on
        printed_lines.org_id = firsts.org_id
        and printed_lines.first_invoice_number = firsts.invoice_number
left join shared
    on
        printed_lines.org_id = shared.org_id
        and answers.expected_invoice_date = shared.expected_invoice_date
        and printed_lines.charged_for = shared.charged_for
        and printed_lines.is_prepay = shared.is_prepay
where
    (
        printed_lines.is_billed_again
        or answered_twice.org_id is not null
        or orders_billed_twice.org_id is not null
    )
    -- What has the money of ours between two numbers for it is not billed twice.
    and not (
        shared.org_id is not null
        and (
            answered_twice.org_id is not null
            or firsts.expected_invoice_date = answers.expected_invoice_date
        )
    )
