with

policies as (

    select * from {{ ref('billing_policies') }}

),

ours as (

    select * from {{ ref('int_expected_charges') }}

),

printed as (

    select * from {{ ref('int_numbers_printed') }}

),

numbers as (

    select distinct
        org_id,
        invoice_number,
        printed_date,
        other_currency
    from printed

),

charges as (

    select
        *,
        count(*) filter (where amount <> 0 and not is_tax) over (
            partition by org_id, invoice_number
        ) as charges
    from {{ ref('int_vendor_lines') }}

),

-- Of an invoice an earlier one has every charge, by its period.
repeats as (

    select
        org_id,
        invoice_number,
        any_value(charges) as charges,
        max_by(first_invoice_number, amount) filter (where is_billed_again)
            as first_invoice_number,
        min(service_period_start) filter (where is_billed_again) as period_start,
        max(service_period_end) filter (where is_billed_again) as period_end
    from charges
    group by org_id, invoice_number
    having
        bool_and(is_billed_again or is_tax or amount = 0)
        and bool_or(is_billed_again and not is_without_period)

),

-- Words that name no product are found by their amount: a product may be renamed.
ours_by_amount as (

    select * from ours
    union all by name
    select distinct
        org_id,
        invoice_date,
        amount::decimal(28, 4)::varchar as match_code,
        false as is_prepay,
        false as is_order,
        false as is_tax,
        amount
    from ours
    where not is_tax

),

our_dates as (

    select
        org_id,
        invoice_date,
        count(*) filter (where not is_tax) as products,
        count(*) filter (where is_tax) as taxes
    from ours
    group by org_id, invoice_date

),

-- The vendor dates an invoice on the boundary or days later, never much before it.
candidates as (

    select
        printed.org_id,
        printed.invoice_number,
        printed.other_currency,
        our_dates.invoice_date,
        printed.printed_date - our_dates.invoice_date as days_late,
        our_dates.products as our_products,
        our_dates.taxes as our_taxes,
        count(*) filter (where ours.match_code is not null) as products,
        count(*) filter (where not ours.is_tax) as untaxed_products,
        list(if(printed.is_prepay, 'prepaid ', '') || printed.match_code) filter (
            where not ours.is_tax
        ) as product_codes,
        count(*) filter (
            where ours.amount = printed.amount
            and printed.amount <> 0
            and not printed.is_tax
        ) as equal_amounts,
        count(*) filter (
            where ours.amount = printed.amount and printed.is_tax
        ) as equal_taxes,
        sum(if(printed.is_prepay, 1, 2)) filter (
            where not (printed.is_tax or printed.is_without_period)
        ) as periods,
        -- The period of a whole invoice begins as its arrears do, and is that of no prepay.
        sum(if(printed.is_prepay, 1, 2)) filter (
            where abs(ours.service_period_start - printed.service_period_start) <= 1
            and (
                not printed.is_prepay
                or coalesce(
                    abs(ours.service_period_end - printed.service_period_end) <= 2, true
                )
            )
            and not (printed.is_tax or printed.is_without_period)
        ) as equal_periods
    from printed
    inner join our_dates
        on
            printed.org_id = our_dates.org_id
    inner join policies
        on
            our_dates.invoice_date >= policies.valid_from
            and our_dates.invoice_date < policies.valid_to
            and printed.printed_date - our_dates.invoice_date
            between -policies.invoice_days_early and policies.invoice_days_late
    left join ours_by_amount as ours
        on
            our_dates.org_id = ours.org_id
            and our_dates.invoice_date = ours.invoice_date
            and printed.match_code = ours.match_code
            and printed.is_prepay = ours.is_prepay
            -- A credit of a product says nothing.
            and (printed.amount >= 0 or ours.amount < 0)
    group by all

),

-- A number that is closer to an invoice of ours, within a day, bills the same products.
billed_on_the_day as (

    select distinct
        candidates.org_id,
        candidates.invoice_number,
        candidates.invoice_date
    from candidates
    inner join candidates as closer
        on
            candidates.org_id = closer.org_id
            and candidates.invoice_date = closer.invoice_date
            and abs(candidates.days_late) > abs(closer.days_late)
            and list_has_all(closer.product_codes, candidates.product_codes)
    where
        candidates.equal_amounts > 0
        and closer.equal_amounts > 0
        and abs(closer.days_late) <= 1

),

-- What is on it says most, then its periods, those in arrears twice as much, and how close
-- its date is. Less so if another number of that day has the same.
scored as (

    select
        candidates.*,
        1000 * (
            2 * candidates.equal_amounts + candidates.products
            + if(
                candidates.untaxed_products = candidates.our_products
                and candidates.our_products > 0,
                2,
                0
            )
            + if(
                candidates.equal_taxes = candidates.our_taxes and candidates.our_taxes > 0,
                2,
                0
            )
            + if(candidates.days_late between 0 and 10, 2, 0)
            + if(abs(candidates.days_late) <= 1, 2, 0)
            + if(candidates.days_late = 0, 1, 0)
            - if(billed_on_the_day.org_id is not null, 3, 0)
        )
        + coalesce(3000 * candidates.equal_periods // nullif(candidates.periods, 0), 0)
            as score
    from candidates
    left join billed_on_the_day
        on
            candidates.org_id = billed_on_the_day.org_id
            and candidates.invoice_number = billed_on_the_day.invoice_number
            and candidates.invoice_date = billed_on_the_day.invoice_date

),

-- Taxes of two invoices may be equal by chance.
closest as (

    select *
    from scored
    qualify
        row_number() over (
            partition by org_id, invoice_number
            order by
                score desc,
                equal_taxes desc,
                abs(days_late) asc,
                invoice_date asc
        ) = 1

),

-- What the periods of an invoice of ours are: of each charge, and its cycle.
our_periods as (

    select distinct
        org_id,
        invoice_date,
        service_period_start,
        service_period_end
    from ours
    where not is_tax
    union
    select
        org_id,
        cycle_end_date as invoice_date,
        cycle_start_date as service_period_start,
        cycle_end_date as service_period_end
    from {{ ref('int_cycles') }}

),

-- It is that invoice issued again, whatever its date, if its periods are those of what the
-- first one answers, and not of the invoice that its own date and charges say. Less than
-- half of the charges of the first are lines that are billed again.
issued_again as (

    select
        repeats.org_id,
        repeats.invoice_number,
        firsts.invoice_date
    from repeats
    semi join charges as first_charges
        on
            repeats.org_id = first_charges.org_id
            and repeats.first_invoice_number = first_charges.invoice_number
            and 2 * repeats.charges >= first_charges.charges
    inner join closest as firsts
        on
            repeats.org_id = firsts.org_id
            and repeats.first_invoice_number = firsts.invoice_number
    inner join policies
        on
            firsts.invoice_date >= policies.valid_from
            and firsts.invoice_date < policies.valid_to
    left join closest as own
        on
            repeats.org_id = own.org_id
            and repeats.invoice_number = own.invoice_number
    inner join our_periods
        on
            repeats.org_id = our_periods.org_id
            and our_periods.invoice_date in (firsts.invoice_date, own.invoice_date)
            and abs(repeats.period_start - our_periods.service_period_start)
            <= policies.period_shift_days
            and abs(repeats.period_end - our_periods.service_period_end)
            <= policies.period_shift_days
    group by repeats.org_id, repeats.invoice_number, firsts.invoice_date
    having
        bool_or(our_periods.invoice_date = firsts.invoice_date)
        and not coalesce(
            bool_or(
                our_periods.invoice_date = own.invoice_date
                and own.invoice_date <> firsts.invoice_date
            ),
            false
        )

),

matched as (

    select
        numbers.org_id,
        numbers.invoice_number,
        coalesce(issued_again.invoice_date, closest.invoice_date)
            as expected_invoice_date,
        numbers.other_currency,
        numbers.printed_date - coalesce(issued_again.invoice_date, closest.invoice_date)
            as days_late,
        coalesce(closest.equal_amounts, 0) as equal_amounts
    from numbers
    left join closest
        on
            numbers.org_id = closest.org_id
            and numbers.invoice_number = closest.invoice_number
    left join issued_again
        on
            numbers.org_id = issued_again.org_id
            and numbers.invoice_number = issued_again.invoice_number
    where coalesce(issued_again.invoice_date, closest.invoice_date) is not null

),

-- Of several numbers for one invoice of ours the first is the earliest, then the smallest.
-- What two of one day both bill, the one that agrees more has first.
answered as (

    select
        *,
        row_number() over (
            partition by org_id, expected_invoice_date
            order by
                other_currency is not null,
                days_late,
                try_cast(invoice_number as hugeint) nulls last,
                invoice_number
        ) as number_place,
        row_number() over (
            partition by org_id, expected_invoice_date
            order by
                other_currency is not null asc,
                days_late asc,
                equal_amounts desc,
                try_cast(invoice_number as hugeint) asc nulls last,
                invoice_number asc
        ) as billing_place
    from matched

)

select
    org_id,
    invoice_number,
    expected_invoice_date,
    other_currency,
    number_place,
    billing_place
from answered
