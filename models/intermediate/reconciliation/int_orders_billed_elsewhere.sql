with

answers as (

    select * from {{ ref('int_invoice_answers') }}

),

policies as (

    select * from {{ ref('billing_policies') }}

),

ours as (

    select * from {{ ref('int_expected_charges') }}
    where not is_prepay

),

printed as (

    select * from {{ ref('int_numbers_printed') }}
    where not is_prepay

),

invoices_of_orders as (

    select
        org_id,
        invoice_date
    from {{ ref('int_expected_charges') }}
    group by org_id, invoice_date
    having bool_and(is_order or is_tax)

),

-- What the numbers that answer an invoice of ours have of an order on it, or of no product
-- we know at its amount: it may be renamed.
billed_there as (

    select
        ours.org_id,
        ours.invoice_date,
        ours.match_code,
        sum(printed.amount) as amount,
        sum(printed.quantity) as quantity,
        bool_or(answers.other_currency is null) as is_answered
    from ours
    inner join answers
        on
            ours.org_id = answers.org_id
            and ours.invoice_date = answers.expected_invoice_date
    left join printed
        on
            answers.org_id = printed.org_id
            and answers.invoice_number = printed.invoice_number
            and answers.other_currency is null
            and printed.match_code
            in (ours.match_code, ours.amount::decimal(28, 4)::varchar)
            and (printed.amount >= 0 or ours.amount < 0)
    where ours.is_order
    group by ours.org_id, ours.invoice_date, ours.match_code

),

-- Orders that are not billed there, or not all of them.
unbilled as (

    select
        ours.org_id,
        ours.invoice_date,
        ours.match_code,
        ours.amount as order_amount,
        ours.amount - coalesce(billed_there.amount, 0) as amount,
        if(
            billed_there.amount is null,
            ours.quantity,
            ours.quantity - billed_there.quantity
        ) as quantity,
        coalesce(billed_there.is_answered, false) as is_answered,
        billed_there.match_code is not null as is_answered_at_all,
        billed_there.amount is not null as is_rest
    from ours
    left join billed_there
        on
            ours.org_id = billed_there.org_id
            and ours.invoice_date = billed_there.invoice_date
            and ours.match_code = billed_there.match_code
    where
        ours.is_order
        and (
            billed_there.amount is null
            or (
                billed_there.amount < ours.amount
                and coalesce(billed_there.quantity < ours.quantity, true)
            )
        )

),

-- The numbers that have the product, and what else of it we have there.
candidates as (

    select
        unbilled.*,
        answers.invoice_number,
        answers.expected_invoice_date as billed_date,
        answers.billing_place,
        printed.amount as printed_amount,
        printed.quantity as printed_quantity,
        printed.quantity_of_different_lines,
        printed.unit_prices,
        invoices_of_orders.org_id is not null as is_billed_with_orders,
        monthly.match_code is not null as has_others,
        monthly.unit_price as others_price,
        coalesce(monthly.amount, 0) as others_amount,
        coalesce(monthly.quantity, 0) as others_quantity,
        sum(printed.amount) over (
            partition by
                unbilled.org_id,
                unbilled.match_code,
                unbilled.invoice_date,
                answers.expected_invoice_date
        ) as amount_of_numbers
    from unbilled
    inner join answers
        on
            unbilled.org_id = answers.org_id
            and unbilled.invoice_date <> answers.expected_invoice_date
    inner join policies
        on
            unbilled.invoice_date >= policies.valid_from
            and unbilled.invoice_date < policies.valid_to
            and answers.expected_invoice_date - unbilled.invoice_date
            <= policies.order_days_late
    inner join printed
        on
            answers.org_id = printed.org_id
            and answers.invoice_number = printed.invoice_number
            and unbilled.match_code = printed.match_code
            and unbilled.invoice_date <= printed.printed_date
            -- A credit of a product says nothing.
            and (printed.amount >= 0 or unbilled.order_amount < 0)
    left join ours as monthly
        on
            answers.org_id = monthly.org_id
            and answers.expected_invoice_date = monthly.invoice_date
            and unbilled.match_code = monthly.match_code
    left join invoices_of_orders
        on
            answers.org_id = invoices_of_orders.org_id
            and answers.expected_invoice_date = invoices_of_orders.invoice_date

),

-- One number has the money of the order, or all that answer that invoice of ours do.
measured as (

    select
        *,
        abs(printed_amount - others_amount - amount) as distance,
        others_amount + amount in (printed_amount, amount_of_numbers)
        and not (is_rest and has_others) as is_of_amount,
        bool_or(is_of_amount) over (
            partition by org_id, match_code, invoice_date
        ) as has_its_amount
    from candidates

),

-- The vendor may bill an order with another invoice (INV-06): one that has as much money as
-- all that we have of the product on both, or a later monthly one with as many units. Where
-- no invoice of the vendor answers that of the order, a monthly one with the product and
-- nothing of it of ours will do.
agreeing as (

    select
        *,
        case
            when is_rest and has_others then null
            when is_of_amount then 'amount'
            when
                not has_its_amount
                and printed_amount = others_amount + sum(amount) filter (
                    where not has_its_amount
                ) over (partition by org_id, match_code, invoice_number)
                then 'all'
            when billed_date < invoice_date or is_billed_with_orders then null
            when quantity_of_different_lines = others_quantity + quantity then 'units'
            -- Not if all of them are the monthly charge, which may be there once more.
            when
                printed_quantity = others_quantity + quantity
                and not list_has_all([others_price], unit_prices)
                then 'units'
            when not has_others and not is_answered_at_all and printed_amount <> 0
                then 'product'
        end as agreement
    from measured
    qualify agreement is not null

),

-- Of equal orders the latest is on the latest invoice that has its money, and so on back,
-- of as many invoices as there are orders: what comes later is billed again. Then those
-- that are left are on the invoices that are left, and have their units.
first_by_amount as (

    select *
    from agreeing
    where agreement = 'amount'
    qualify
        dense_rank() over (
            partition by org_id, match_code, amount
            order by billed_date asc, billing_place asc
        ) <= count(distinct invoice_date) over (partition by org_id, match_code, amount)

),

paired_by_amount as (

    select *
    from first_by_amount
    qualify
        dense_rank() over (
            partition by org_id, match_code, amount
            order by invoice_date desc
        ) = dense_rank() over (
            partition by org_id, match_code, amount
            order by billed_date desc, billing_place asc
        )

),

paired_by_units as (

    select agreeing.*
    from agreeing
    anti join paired_by_amount as paired_orders
        on
            agreeing.org_id = paired_orders.org_id
            and agreeing.match_code = paired_orders.match_code
            and agreeing.invoice_date = paired_orders.invoice_date
    anti join paired_by_amount as paired_numbers
        on
            agreeing.org_id = paired_numbers.org_id
            and agreeing.match_code = paired_numbers.match_code
            and agreeing.invoice_number = paired_numbers.invoice_number
    where agreeing.agreement = 'units'
    qualify
        dense_rank() over (
            partition by agreeing.org_id, agreeing.match_code, agreeing.amount
            order by agreeing.invoice_date desc
        ) = dense_rank() over (
            partition by agreeing.org_id, agreeing.match_code, agreeing.amount
            order by agreeing.billed_date desc, agreeing.billing_place asc
        )

),

orders as (

    select *
    from (
        from paired_by_amount
        union all by name
        from paired_by_units
        union all by name
        from agreeing
        where agreement in ('all', 'product')
    ) as paired
    qualify
        row_number() over (
            partition by org_id, invoice_date, match_code
            order by
                agreement = 'product' asc,
                distance asc,
                billed_date asc,
                billing_place asc
        ) = 1

),

-- What else is on an invoice of orders that no number answers is expected where most of it
-- is billed: its taxes, and orders that no number has.
whole_invoices as (

    select
        orders.org_id,
        orders.invoice_date,
        arg_max(orders.invoice_number, orders.order_amount) as invoice_number,
        arg_max(orders.billed_date, orders.order_amount) as billed_date
    from orders
    semi join invoices_of_orders
        on
            orders.org_id = invoices_of_orders.org_id
            and orders.invoice_date = invoices_of_orders.invoice_date
    where not orders.is_answered
    group by orders.org_id, orders.invoice_date

)

select
    org_id,
    invoice_date,
    match_code,
    invoice_number,
    billed_date as expected_invoice_date,
    is_rest
from orders
union all
select
    ours.org_id,
    ours.invoice_date,
    ours.match_code,
    whole_invoices.invoice_number,
    whole_invoices.billed_date as expected_invoice_date,
    false as is_rest
from ours
inner join whole_invoices
    on
        ours.org_id = whole_invoices.org_id
        and ours.invoice_date = whole_invoices.invoice_date
anti join orders
    on
        ours.org_id = orders.org_id
        and ours.invoice_date = orders.invoice_date
        and ours.match_code = orders.match_code
