with

-- What an earlier invoice has says nothing, unless there is nothing else.
printed_lines as (

    select * from {{ ref('int_vendor_lines') }}
    qualify
        not is_billed_again
        or bool_and(is_billed_again) over (partition by org_id, invoice_number)

),

invoice_lines as (

    select * from {{ ref('int_invoice_lines') }}
    where invoice_status = 'final'

),

products as (

    {{ products_by_organization('invoice_lines') }}

),

policies as (

    select * from {{ ref('billing_policies') }}

),

printed as (

    select
        org_id,
        invoice_number,
        invoice_date as printed_date,
        coalesce(match_code, if(is_tax, description, amount::varchar)) as match_code,
        is_prepay,
        is_tax,
        other_currency,
        sum(amount) as amount,
        min(service_period_start) as service_period_start
    from printed_lines
    group by all

),

-- The same line once more adds no units.
different_lines as (

    select distinct
        org_id,
        invoice_number,
        match_code,
        description,
        quantity,
        unit_price,
        amount,
        service_period_start
    from printed_lines
    where not is_prepay

),

printed_units as (

    select
        org_id,
        invoice_number,
        match_code,
        sum(quantity) as quantity
    from different_lines
    group by org_id, invoice_number, match_code

),

ours as (

    select
        invoice_lines.org_id,
        invoice_lines.invoice_date,
        coalesce(products.match_code, invoice_lines.product_code) as match_code,
        invoice_lines.charge_type = 'prepay' as is_prepay,
        bool_and(invoice_lines.charge_type = 'one_time') as is_order,
        bool_and(invoice_lines.charge_type = 'tax') as is_tax,
        sum(invoice_lines.amount) as amount,
        sum(invoice_lines.quantity) as quantity,
        min(invoice_lines.service_period_start) as service_period_start
    from invoice_lines
    left join products
        on
            invoice_lines.org_id = products.org_id
            and invoice_lines.product_code = products.product_code
    group by all

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
        count(*) filter (where not is_tax) as products
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
        count(*) filter (where ours.match_code is not null) as products,
        count(*) filter (where not ours.is_tax) as untaxed_products,
        count(*) filter (
            where ours.amount = printed.amount
            and printed.amount <> 0
            and not printed.is_tax
        ) as equal_amounts,
        count(*) filter (
            where ours.amount = printed.amount and printed.is_tax
        ) as equal_taxes,
        count(*) filter (
            where abs(ours.service_period_start - printed.service_period_start) <= 1
            and not printed.is_prepay
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

-- What is on it says most, how close its date is says the rest. Taxes of two invoices may
-- be equal by chance.
closest as (

    select *
    from candidates
    qualify
        row_number() over (
            partition by org_id, invoice_number
            order by
                2 * equal_amounts + products + sign(equal_periods)
                + if(untaxed_products = our_products and our_products > 0, 2, 0)
                + if(days_late between 0 and 10, 2, 0)
                + if(abs(days_late) <= 1, 2, 0)
                + if(days_late = 0, 1, 0) desc,
                equal_taxes desc,
                abs(days_late) asc,
                invoice_date asc
        ) = 1

),

-- Of several numbers for one invoice of ours the first is the earliest, then the smallest.
-- What two of one day both bill, the one that agrees more has first.
answered as (

    select
        *,
        row_number() over (
            partition by org_id, invoice_date
            order by
                other_currency is not null,
                days_late,
                try_cast(invoice_number as hugeint) nulls last,
                invoice_number
        ) as number_place,
        row_number() over (
            partition by org_id, invoice_date
            order by
                other_currency is not null asc,
                days_late asc,
                equal_amounts desc,
                try_cast(invoice_number as hugeint) asc nulls last,
                invoice_number asc
        ) as billing_place
    from closest

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
            when printed_units.quantity = coalesce(monthly.quantity, 0) + ours.quantity
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
            and not printed.is_prepay
    left join printed_units
        on
            answered.org_id = printed_units.org_id
            and answered.invoice_number = printed_units.invoice_number
            and ours.match_code = printed_units.match_code
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

-- Of equal orders the latest is on the latest invoice that bills one, and so on back.
paired as (

    select
        *,
        dense_rank() over (
            partition by org_id, match_code, order_amount, agreement
            order by invoice_date desc
        ) as order_place,
        dense_rank() over (
            partition by org_id, match_code, order_amount, agreement
            order by billed_date desc, billing_place asc
        ) as billed_place
    from orders_billed_later

),

orders_answered as (

    select *
    from paired
    where agreement = 'product' or order_place = billed_place
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
