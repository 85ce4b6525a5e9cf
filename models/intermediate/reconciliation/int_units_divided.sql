with

assigned as (

    select
        ours.*,
        currencies.minor_units,
        ('1e-' || currencies.minor_units)::decimal(28, 4) as minor_unit
    from {{ ref('int_lines_assigned') }} as ours
    inner join {{ ref('currencies') }} as currencies
        on ours.currency = currencies.currency
    where not ours.is_tax and not ours.is_one_of_several

),

printed as (

    select
        org_id,
        expected_invoice_date,
        invoice_number,
        group_product,
        is_prepay,
        sum(quantity) as quantity,
        sum(amount) as amount,
        count(quantity) = count(*) as has_quantity,
        any_value(breakout) as breakout,
        count(distinct breakout) = 1 and count(breakout) = count(*) as is_one_part
    from {{ ref('int_vendor_lines_matched') }}
    where not is_billed_again
    group by all

),

-- The line of ours beside each number that prints its product, if one that has it prints
-- not all of it.
shared as (

    select
        assigned.*,
        printed.invoice_number as printing_number,
        printed.quantity as printed_quantity,
        printed.amount as printed_amount,
        printed.has_quantity,
        printed.breakout,
        printed.is_one_part,
        printed.invoice_number = assigned.invoice_number as is_main,
        count(*) over of_line as numbers
    from assigned
    inner join printed
        on
            assigned.org_id = printed.org_id
            and assigned.expected_invoice_date = printed.expected_invoice_date
            and assigned.group_product = printed.group_product
            and assigned.is_prepay = printed.is_prepay
    window of_line as (partition by assigned.org_id, assigned.invoice_line_id)
    qualify
        numbers > 1
        and bool_or(is_main) over of_line
        and not bool_or(is_main and printed.amount = assigned.amount) over of_line

),

-- Its units are on several numbers: each has its own, at our price. Not what is waived: it
-- is no quantity times a price, as calls are none.
units as (

    select
        *,
        printed_quantity as own_quantity,
        printed_quantity * unit_price as exact_amount,
        {{ round_money('exact_amount', 'minor_units') }} as own_amount
    from shared
    where kind is distinct from 'call'
    window of_line as (partition by org_id, invoice_line_id)
    qualify
        bool_and(has_quantity and printed_quantity >= 0) over of_line
        and sum(printed_quantity) over of_line = quantity
        and sum(own_amount) over of_line = amount

),

-- The rows of a calling service are one sum (TELCO-02): where they come to ours, each
-- number has what it prints. Where they do not, and one has the calls within the U.S. and
-- another the international ones, each has ours of them, but on Inbound, which may have
-- toll-free calls.
services as (

    select
        shared.*,
        coalesce(calls.international_minutes, 0) as international_minutes,
        {{ round_money('coalesce(calls.international_cost, 0)', 'minor_units') }}
            as international_amount,
        abs(sum(shared.printed_amount) over of_line - shared.amount)
        <= shared.numbers * shared.minor_unit as is_agreed
    from shared
    left join {{ ref('int_calls_by_service') }} as calls
        on
            shared.org_id = calls.org_id
            and shared.product_code = 'telco_' || calls.service
            and shared.service_period_start = calls.cycle_start_date
    where shared.kind = 'call'
    window of_line as (partition by shared.org_id, shared.invoice_line_id)
    qualify
        bool_and(shared.printed_amount >= 0) over of_line
        and (
            is_agreed
            or (
                shared.group_product <> 'telco_inbound'
                and bool_and(shared.is_one_part) over of_line
                and count(distinct shared.breakout) over of_line = shared.numbers
            )
        )

),

services_by_part as (

    select
        *,
        if(
            breakout = 'international',
            international_minutes,
            quantity - international_minutes
        ) as part_minutes,
        if(
            breakout = 'international',
            international_amount,
            amount - international_amount
        ) as part_amount
    from services

),

divided as (

    select
        org_id,
        invoice_line_id,
        printing_number,
        is_main,
        quantity,
        amount,
        own_quantity,
        own_amount
    from units
    union all
    select
        org_id,
        invoice_line_id,
        printing_number,
        is_main,
        quantity,
        amount,
        if(is_agreed, coalesce(printed_quantity, part_minutes), part_minutes)
            as own_quantity,
        if(is_agreed, printed_amount, part_amount) as own_amount
    from services_by_part

)

-- The number that the line belongs to has what the others leave.
select
    org_id,
    invoice_line_id,
    printing_number as invoice_number,
    is_main,
    (
        if(
            is_main,
            quantity - sum(own_quantity) filter (where not is_main) over of_line,
            own_quantity
        )
    )::decimal(38, 6) as quantity,
    (
        if(
            is_main,
            amount - sum(own_amount) filter (where not is_main) over of_line,
            own_amount
        )
    )::decimal(28, 4) as amount
from divided
window of_line as (partition by org_id, invoice_line_id)
