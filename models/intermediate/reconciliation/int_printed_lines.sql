with

printed_lines as (

    select
        vendor_lines.* replace (
            billed_again.vendor_line_id is not null as is_billed_again,
            billed_again.first_invoice_number as first_invoice_number
        ),
        coalesce(
            vendor_lines.match_code, if(vendor_lines.is_tax, 'tax', null), 'unknown'
        ) as group_product
    from {{ ref('int_vendor_lines') }} as vendor_lines
    left join {{ ref('int_lines_billed_again') }} as billed_again
        on
            vendor_lines.org_id = billed_again.org_id
            and vendor_lines.vendor_line_id = billed_again.vendor_line_id

),

our_lines as (

    select * from {{ ref('int_answered_lines') }}

),

answers as (

    select * from {{ ref('int_invoice_answers') }}

),

-- What our lines say of a product on an invoice: whether a part of it is negative or
-- waived, and at which prices it is prepaid, committed and billed in arrears.
our_products as (

    select
        org_id,
        invoice_number,
        group_product,
        bool_or(amount < 0 and charge not in ('prepay', 'given_back')) as has_negative,
        list(amount) filter (where amount < 0) as given_back,
        bool_or(amount < 0 and charge in ('prepay', 'given_back')) as has_given_back,
        sum(amount) filter (where charge in ('prepay', 'given_back')) as prepaid_amount,
        sum(amount) filter (where charge not in ('prepay', 'given_back'))
            as arrears_amount,
        max(unit_price) filter (where charge = 'prepay') as prepaid_price,
        max(quantity) filter (where charge = 'prepay') as prepaid_quantity,
        min(service_period_start) filter (where charge = 'prepay') as prepaid_from,
        max(unit_price) filter (where charge = 'committed') as committed_price,
        max(quantity) filter (where charge = 'committed') as committed_quantity,
        max(unit_price) filter (where charge = 'arrears') as arrears_price
    from our_lines
    group by org_id, invoice_number, group_product

),

our_dates as (

    select
        org_id,
        invoice_number,
        min(service_period_start) filter (
            where not is_tax
            and charge not in ('prepay', 'given_back')
            and charge_type is distinct from 'one_time'
        ) as usage_start,
        min(service_period_start) filter (where charge_type = 'one_time') as orders_start,
        min(service_period_start) filter (where charge = 'prepay') as prepay_start,
        list(amount) filter (where not is_tax and amount <> 0) as amounts
    from our_lines
    group by org_id, invoice_number

),

-- An invoice of orders alone has no cycle, nor has the first of prepay.
our_invoices as (

    select
        our_dates.org_id,
        our_dates.invoice_number,
        our_dates.amounts,
        coalesce(
            our_dates.usage_start,
            cycles.cycle_start_date,
            our_dates.orders_start,
            our_dates.prepay_start
        ) as arrears_start
    from our_dates
    left join answers
        on
            our_dates.org_id = answers.org_id
            and our_dates.invoice_number = answers.invoice_number
    left join {{ ref('int_cycles') }} as cycles
        on
            our_dates.org_id = cycles.org_id
            and answers.expected_invoice_date = cycles.cycle_end_date

),

beside_ours as (

    select
        printed_lines.*,
        answers.expected_invoice_date,
        our_invoices.arrears_start,
        -- Words that name no product may be those of a line of ours.
        our_products.org_id is not null
        or coalesce(
            printed_lines.group_product = 'unknown'
            and list_contains(our_invoices.amounts, printed_lines.amount),
            false
        ) as is_ours,
        our_products.has_negative,
        our_products.given_back,
        our_products.has_given_back,
        our_products.prepaid_amount,
        our_products.arrears_amount,
        our_products.prepaid_price,
        our_products.prepaid_quantity,
        our_products.prepaid_from,
        our_products.committed_price,
        our_products.committed_quantity,
        our_products.arrears_price,
        -- Whether nothing says how a line of a product that is prepaid is charged.
        not bool_or(
            printed_lines.is_prepay or printed_lines.charge_type = 'committed'
        ) over of_product
        and not printed_lines.is_overage
        and our_products.prepaid_amount is not null
        and printed_lines.amount >= 0 as is_silent,
        bool_or(printed_lines.is_overage) over of_product as is_any_overage,
        coalesce(printed_lines.unit_price = our_products.prepaid_price, false)
            as is_at_prepaid_price,
        bool_and(is_at_prepaid_price) over of_product as is_all_at_prepaid_price
    from printed_lines
    left join our_products
        on
            printed_lines.org_id = our_products.org_id
            and printed_lines.invoice_number = our_products.invoice_number
            and printed_lines.group_product = our_products.group_product
    left join our_invoices
        on
            printed_lines.org_id = our_invoices.org_id
            and printed_lines.invoice_number = our_invoices.invoice_number
    left join answers
        on
            printed_lines.org_id = answers.org_id
            and printed_lines.invoice_number = answers.invoice_number
    window
        of_product as (
            partition by
                printed_lines.org_id,
                printed_lines.invoice_number,
                printed_lines.group_product
        )

),

-- What is said to be committed of a product that is prepaid is prepay. Where no line of it
-- says so, it is the one beside overage, of the next cycle or at the price of prepay; if
-- all lines have that price, the one with its quantity (INV-03).
paid as (

    select
        * exclude (is_prepay, charge_type),
        coalesce(
            is_prepay
            or (
                charge_type = 'committed'
                and committed_price is null
                and prepaid_amount is not null
            )
            or (
                is_silent
                and (
                    is_any_overage
                    or (
                        not is_without_period
                        and service_period_start >= prepaid_from - 1
                        and (
                            arrears_amount is null
                            or (
                                prepaid_from > arrears_start + 1
                                and bool_or(
                                    service_period_start < prepaid_from - 1
                                ) over of_number
                            )
                        )
                    )
                    or (
                        is_at_prepaid_price
                        and (
                            arrears_amount is null
                            or not is_all_at_prepaid_price
                            or quantity = prepaid_quantity
                        )
                    )
                )
            ),
            false
        ) as is_prepaid,
        if(is_prepaid, 'prepay', charge_type) as charge_type
    from beside_ours
    window of_number as (partition by org_id, invoice_number)

),

compared as (

    select
        *,
        coalesce(
            if(is_prepaid, has_given_back, has_negative)
            or list_contains(given_back, amount),
            false
        ) as is_negative_of_ours,
        if(is_prepaid, prepaid_amount, arrears_amount) as our_amount,
        coalesce(sum(amount) over of_charge = our_amount, false) as is_agreed,
        coalesce(
            sum(amount) filter (where amount >= 0) over of_charge = our_amount, false
        ) as is_agreed_but_for_credits,
        count(*) over of_charge = 1 and coalesce(our_amount <> 0, false) as is_only_line,
        not is_without_period
        and service_period_start < arrears_start - 1
        and service_period_end <= arrears_start + 1 as is_before,
        -- Its periods can be trusted, as far as lines that are ours tell.
        coalesce(
            bool_or(
                not is_without_period
                and amount <> 0
                and (
                    service_period_start between arrears_start - 1 and arrears_start + 1
                    or (
                        is_prepaid
                        and service_period_start between prepaid_from - 1
                        and prepaid_from + 1
                    )
                )
            ) over of_number,
            false
        )
        or not bool_or(is_ours and not is_without_period and amount <> 0) over of_number
            as is_any_in_period,
        bool_or(charge_type = 'committed') over (
            partition by org_id, invoice_number, group_product
        ) as is_any_committed
    from paid
    window
        of_number as (partition by org_id, invoice_number),
        of_charge as (partition by org_id, invoice_number, group_product, is_prepaid)

),

-- A credit, a correction of an earlier period and a line that an earlier invoice has stand
-- alone. Of a product with a commitment in arrears, a line without the word Committed is
-- the commitment if its price says so (INV-03).
charged as (

    select
        *,
        case
            when
                amount < 0
                and not is_negative_of_ours
                and not is_agreed
                and (not is_tax or is_credited)
                then 'credit'
            when
                is_billed_again
                and not is_agreed
                and not is_only_line
                and not (is_without_period and coalesce(our_amount <> 0, false))
                then 'again'
            when
                is_before
                and is_any_in_period
                and not is_agreed
                and not is_agreed_but_for_credits
                and not is_tax
                then 'earlier'
            when is_prepaid and amount < 0 then 'given_back'
            when is_prepaid then 'prepay'
            when committed_price is not null and charge_type = 'committed' then 'committed'
            when
                committed_price is not null
                and not is_any_committed
                and unit_price = committed_price
                and (
                    arrears_price is distinct from committed_price
                    or committed_quantity = quantity
                )
                then 'committed'
            else 'arrears'
        end as charge
    from compared

)

select
    org_id,
    invoice_number,
    vendor_line_id,
    row_number() over (
        partition by org_id, invoice_number order by source_row, vendor_line_id
    ) as line_number,
    invoice_date,
    expected_invoice_date,
    service_period_start,
    service_period_end,
    description,
    section,
    product_code,
    kind,
    group_product,
    charge,
    charge_type,
    is_tax,
    breakout,
    quantity,
    unit_price,
    amount,
    currency,
    other_currency,
    other_numbers,
    first_invoice_number,
    -- The same line once more: of the same period, or of none beside one that has one.
    row_number() over of_period > 1
    or (is_without_period and row_number() over of_any_period > 1) as is_repeated
from charged
{% set same %}
    org_id, invoice_number, group_product, charge, breakout, quantity, unit_price, amount,
    description
{% endset %}
window
    of_period as (
        partition by {{ same }}, service_period_start
        order by source_row, vendor_line_id
    ),
    of_any_period as (
        partition by {{ same }}
        order by is_without_period, source_row, vendor_line_id
    )
