with

answered as (

    select * from {{ ref('int_invoices_matched') }}

),

policies as (

    select * from {{ ref('billing_policies') }}

),

ours as (

    select * from {{ ref('int_expected_charges') }}

),

printed as (

    select * from {{ ref('int_numbers_printed') }}
    where not is_prepay

),

order_invoices as (

    select
        org_id,
        invoice_date
    from ours
    group by org_id, invoice_date
    having bool_and(is_order or is_tax)

),

answered_elsewhere as (

    select distinct
        org_id,
        invoice_date
    from answered
    where other_currency is not null

),

-- The vendor may bill an order that no number of its own answers with a later monthly
-- invoice (INV-06): one with the product, and if that has others, or if its own number is
-- in another currency, with as many units or as much money as both.
orders_billed_later as (

    select
        answered.org_id,
        answered.invoice_number,
        order_invoices.invoice_date,
        ours.match_code,
        ours.amount as order_amount,
        answered.invoice_date as billed_date,
        answered.billing_place,
        abs(printed.amount - coalesce(monthly.amount, 0) - ours.amount) as distance,
        case
            when distance = 0 then 'amount'
            when
                printed.quantity_of_different_lines
                = coalesce(monthly.quantity, 0) + ours.quantity
                then 'units'
            -- Not if all of them are the monthly charge, which may be there once more.
            when
                printed.quantity
                = coalesce(monthly.quantity, 0) + ours.quantity
                and not list_has_all([monthly.unit_price], printed.unit_prices)
                then 'units'
            when
                monthly.org_id is null
                and printed.amount <> 0
                and answered_elsewhere.org_id is null
                then 'product'
        end as agreement
    from order_invoices
    inner join ours
        on
            order_invoices.org_id = ours.org_id
            and order_invoices.invoice_date = ours.invoice_date
            and ours.is_order
    anti join answered as answered_already
        on
            order_invoices.org_id = answered_already.org_id
            and order_invoices.invoice_date = answered_already.invoice_date
            and answered_already.other_currency is null
    inner join answered
        on
            order_invoices.org_id = answered.org_id
            and order_invoices.invoice_date < answered.invoice_date
    inner join policies
        on
            order_invoices.invoice_date >= policies.valid_from
            and order_invoices.invoice_date < policies.valid_to
            and answered.invoice_date - order_invoices.invoice_date
            <= policies.order_days_late
    anti join order_invoices as other_orders
        on
            answered.org_id = other_orders.org_id
            and answered.invoice_date = other_orders.invoice_date
    inner join printed
        on
            answered.org_id = printed.org_id
            and answered.invoice_number = printed.invoice_number
            and ours.match_code = printed.match_code
    left join ours as monthly
        on
            answered.org_id = monthly.org_id
            and answered.invoice_date = monthly.invoice_date
            and ours.match_code = monthly.match_code
            and not monthly.is_prepay
    left join answered_elsewhere
        on
            order_invoices.org_id = answered_elsewhere.org_id
            and order_invoices.invoice_date = answered_elsewhere.invoice_date
    where agreement is not null

),

-- Of equal orders the latest is on the latest invoice that has its money, and so on back,
-- of as many invoices as there are orders: what comes later is billed again. Then those
-- that are left are on the invoices that are left, and have their units.
first_by_amount as (

    select *
    from orders_billed_later
    where agreement = 'amount'
    qualify
        dense_rank() over (
            partition by org_id, match_code, order_amount
            order by billed_date asc, billing_place asc
        ) <= count(distinct invoice_date) over (
            partition by org_id, match_code, order_amount
        )

),

paired_by_amount as (

    select *
    from first_by_amount
    qualify
        dense_rank() over (
            partition by org_id, match_code, order_amount
            order by invoice_date desc
        ) = dense_rank() over (
            partition by org_id, match_code, order_amount
            order by billed_date desc, billing_place asc
        )

),

paired_by_units as (

    select orders_billed_later.*
    from orders_billed_later
    anti join paired_by_amount as paired_orders
        on
            orders_billed_later.org_id = paired_orders.org_id
            and orders_billed_later.match_code = paired_orders.match_code
            and orders_billed_later.invoice_date = paired_orders.invoice_date
    anti join paired_by_amount as paired_numbers
        on
            orders_billed_later.org_id = paired_numbers.org_id
            and orders_billed_later.match_code = paired_numbers.match_code
            and orders_billed_later.invoice_number = paired_numbers.invoice_number
    where orders_billed_later.agreement = 'units'
    qualify
        dense_rank() over (
            partition by
                orders_billed_later.org_id,
                orders_billed_later.match_code,
                orders_billed_later.order_amount
            order by orders_billed_later.invoice_date desc
        ) = dense_rank() over (
            partition by
                orders_billed_later.org_id,
                orders_billed_later.match_code,
                orders_billed_later.order_amount
            order by
                orders_billed_later.billed_date desc,
                orders_billed_later.billing_place asc
        )

),

orders_answered as (

    select *
    from (
        from paired_by_amount
        union all by name
        from paired_by_units
        union all by name
        from orders_billed_later
        where agreement = 'product'
    ) as paired
    qualify
        row_number() over (
            partition by org_id, invoice_date
            order by distance asc, billed_date asc, billing_place asc
        ) = 1

)

select
    answered.org_id,
    answered.invoice_number,
    any_value(answered.invoice_date) as expected_invoice_date,
    any_value(answered.number_place) as number_place,
    any_value(answered.billing_place) as billing_place,
    list(orders_answered.invoice_date order by orders_answered.invoice_date) filter (
        where orders_answered.invoice_date is not null
    ) as order_invoice_dates
from answered
left join orders_answered
    on
        answered.org_id = orders_answered.org_id
        and answered.invoice_number = orders_answered.invoice_number
group by answered.org_id, answered.invoice_number
