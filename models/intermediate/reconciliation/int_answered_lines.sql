with

answers as (

    select * from {{ ref('int_invoice_answers') }}

),

printed_lines as (

    select
        vendor_lines.*
        replace (billed_again.vendor_line_id is not null as is_billed_again)
    from {{ ref('int_vendor_lines') }} as vendor_lines
    left join {{ ref('int_lines_billed_again') }} as billed_again
        on
            vendor_lines.org_id = billed_again.org_id
            and vendor_lines.vendor_line_id = billed_again.vendor_line_id

),

-- An invoice of orders may be billed with the next monthly one (INV-06).
orders_answered as (

    select
        org_id,
        unnest(order_invoice_dates) as invoice_date,
        expected_invoice_date
    from answers

),

invoice_lines as (

    select
        invoice_lines.*,
        coalesce(orders_answered.expected_invoice_date, invoice_lines.invoice_date)
            as answered_date
    from {{ ref('int_invoice_lines') }} as invoice_lines
    left join orders_answered
        on
            invoice_lines.org_id = orders_answered.org_id
            and invoice_lines.invoice_date = orders_answered.invoice_date
    where invoice_lines.invoice_status = 'final'

),

products as (

    {{ products_by_organization('invoice_lines') }}

),

-- A number in another currency answers ours only where none in ours does.
printed as (

    select
        printed_lines.org_id,
        answers.expected_invoice_date,
        answers.number_place,
        answers.billing_place,
        printed_lines.invoice_number,
        coalesce(printed_lines.match_code, if(printed_lines.is_tax, 'tax', null))
            as group_product,
        printed_lines.is_tax,
        printed_lines.is_prepay,
        printed_lines.is_billed_again,
        printed_lines.quantity,
        printed_lines.amount
    from printed_lines
    inner join answers
        on
            printed_lines.org_id = answers.org_id
            and printed_lines.invoice_number = answers.invoice_number
    qualify
        printed_lines.other_currency is null
        or not bool_or(printed_lines.other_currency is null) over (
            partition by printed_lines.org_id, answers.expected_invoice_date
        )

),

-- How the vendor prints an invoice of ours: which calling services have no row of their own
-- but are in another, and which taxes have one (TELCO-02).
printed_as as (

    select
        org_id,
        expected_invoice_date,
        {% for service, folded in [
            ('inbound', 'toll_free'), ('outbound', 'extended_outbound')
        ] %}
            coalesce(
                bool_or(group_product = 'telco_{{ service }}')
                and not bool_or(group_product = 'telco_{{ folded }}'), false
            ) as is_{{ folded }}_folded,
        {% endfor %}
        coalesce(list(distinct group_product) filter (where is_tax), [])
            as tax_products
    from printed
    group by org_id, expected_invoice_date

),

-- The levels of a tax that have no line by name are one sum if the vendor prints a tax that
-- names no level.
grouped as (

    select
        invoice_lines.*,
        products.kind,
        invoice_lines.charge_type = 'prepay' as is_prepay,
        case
            when
                products.kind = 'tax'
                and list_contains(printed_as.tax_products, 'tax')
                and not list_contains(printed_as.tax_products, products.match_code)
                then 'tax'
            {% for service, folded in [
                ('inbound', 'toll_free'), ('outbound', 'extended_outbound')
            ] %}
                when
                    invoice_lines.product_code = 'telco_{{ folded }}'
                    and printed_as.is_{{ folded }}_folded
                    then 'telco_{{ service }}'
            {% endfor %}
            else coalesce(products.match_code, invoice_lines.product_code)
        end as group_product
    from invoice_lines
    inner join printed_as
        on
            invoice_lines.org_id = printed_as.org_id
            and invoice_lines.answered_date = printed_as.expected_invoice_date
    left join products
        on
            invoice_lines.org_id = products.org_id
            and invoice_lines.product_code = products.product_code

),

ours as (

    select
        *,
        count(*) over (partition by org_id, answered_date, group_product) > 1
            as is_one_of_several,
        row_number() over (
            partition by org_id, answered_date, group_product, is_prepay, amount
            order by invoice_line_id
        ) as place_of_equals
    from grouped

),

-- Of several equal lines each number has as many as it prints; not one that is issued anew.
issued_once as (

    select *
    from printed
    window of_number as (partition by org_id, invoice_number)
    qualify
        2 * count(*) filter (where is_billed_again) over of_number
        <= count(*) over of_number

),

paired as (

    select
        *,
        row_number() over (
            partition by
                org_id, expected_invoice_date, group_product, is_prepay, amount
            order by billing_place
        ) as place_of_equals
    from issued_once
    where group_product is not null

),

-- What each number of the vendor has that answers an invoice of ours.
numbers as (

    select
        org_id,
        expected_invoice_date,
        invoice_number,
        min(number_place) as number_place,
        min(billing_place) as billing_place,
        list(distinct group_product) filter (where amount >= 0) as products,
        list(distinct group_product) filter (where amount < 0) as credited_products,
        list(amount) filter (where group_product is null) as unknown_amounts,
        list(distinct group_product) filter (where is_prepay and amount >= 0)
            as prepaid_products,
        list(distinct group_product) filter (where not is_prepay and amount >= 0)
            as arrears_products,
        bool_or(not is_prepay and not is_tax) as has_arrears
    from printed
    group by org_id, expected_invoice_date, invoice_number

),

-- Several numbers may answer one invoice of ours: a line of ours belongs to the one that
-- has its product, prepaid or in arrears (what is given back to the one that credits it),
-- or a line of no product we know that equals it, else to the earliest.
assigned as (

    select
        ours.*,
        numbers.invoice_number
    from ours
    inner join numbers
        on
            ours.org_id = numbers.org_id
            and ours.answered_date = numbers.expected_invoice_date
    left join paired
        on
            ours.org_id = paired.org_id
            and ours.answered_date = paired.expected_invoice_date
            and ours.group_product = paired.group_product
            and ours.is_prepay = paired.is_prepay
            and ours.amount = paired.amount
            and ours.place_of_equals = paired.place_of_equals
    qualify
        row_number() over (
            partition by ours.invoice_line_id
            order by
                ours.is_prepay
                and ours.amount >= 0
                and coalesce(
                    list_contains(numbers.prepaid_products, ours.group_product), false
                ) desc,
                ours.is_one_of_several
                and coalesce(
                    numbers.invoice_number = paired.invoice_number, false
                ) desc,
                not ours.is_prepay
                and ours.amount >= 0
                and coalesce(
                    list_contains(numbers.arrears_products, ours.group_product), false
                ) desc,
                not ours.is_prepay
                and ours.kind is distinct from 'tax'
                and numbers.has_arrears desc,
                coalesce(
                    list_contains(
                        if(ours.amount < 0, numbers.credited_products, numbers.products),
                        ours.group_product
                    ),
                    false
                ) desc,
                coalesce(list_contains(numbers.unknown_amounts, ours.amount), false) desc,
                if(
                    list_contains(numbers.products, ours.group_product),
                    numbers.billing_place,
                    null
                ) asc nulls last,
                numbers.number_place asc
        ) = 1

),

-- One line of ours whose units several numbers have between them is divided by their units.
units_printed as (

    select
        org_id,
        expected_invoice_date,
        invoice_number,
        group_product,
        is_prepay,
        sum(quantity) as quantity,
        sum(amount) as amount
    from printed
    where not is_billed_again
    group by all
    having count(quantity) = count(*)

),

units_divided as (

    select
        assigned.invoice_line_id,
        units_printed.invoice_number,
        units_printed.invoice_number = assigned.invoice_number as is_main,
        units_printed.quantity as own_base,
        units_printed.quantity * assigned.unit_price as exact_amount,
        {{ round_money('exact_amount', 'currencies.minor_units') }} as own_amount
    from assigned
    inner join units_printed
        on
            assigned.org_id = units_printed.org_id
            and assigned.answered_date = units_printed.expected_invoice_date
            and assigned.group_product = units_printed.group_product
            and assigned.is_prepay = units_printed.is_prepay
    inner join {{ ref('currencies') }} as currencies
        on assigned.currency = currencies.currency
    where
        coalesce(assigned.kind not in ('tax', 'call'), true)
        and not assigned.is_one_of_several
    window of_line as (partition by assigned.invoice_line_id)
    qualify
        sum(units_printed.quantity) over of_line = assigned.quantity
        and bool_and(units_printed.quantity >= 0) over of_line
        -- Not what is waived: it is no quantity times a price, as calls are none.
        and sum(own_amount) over of_line = assigned.amount
        and bool_or(is_main) over of_line
        and count(*) over of_line > 1
        and not bool_or(is_main and units_printed.amount = assigned.amount) over of_line

),

charges_divided as (

    select
        assigned.org_id,
        assigned.invoice_id,
        coalesce(units_divided.invoice_number, assigned.invoice_number)
            as invoice_number,
        if(
            coalesce(units_divided.is_main, true),
            assigned.amount - coalesce(
                sum(units_divided.own_amount) filter (where not units_divided.is_main)
                    over (partition by assigned.invoice_line_id),
                0
            ),
            units_divided.own_amount
        ) as amount
    from assigned
    left join units_divided
        on assigned.invoice_line_id = units_divided.invoice_line_id
    where assigned.kind is distinct from 'tax'

),

-- Of a tax that several of them print, each has the part of what it bills itself; what none
-- of them bills is on the number that the tax belongs to.
taxes_printed as (

    select
        org_id,
        expected_invoice_date,
        invoice_number,
        group_product,
        sum(amount) as amount
    from printed
    where is_tax and not is_billed_again
    group by org_id, expected_invoice_date, invoice_number, group_product

),

amounts as (

    select
        org_id,
        invoice_id,
        invoice_number,
        sum(amount) as amount
    from charges_divided
    group by org_id, invoice_id, invoice_number

),

parts as (

    select
        assigned.invoice_line_id,
        assigned.amount,
        taxes_printed.invoice_number,
        taxes_printed.amount as printed_amount,
        taxes_printed.invoice_number = assigned.invoice_number as is_main,
        ('1e-' || currencies.minor_units)::decimal(28, 4) as minor_unit,
        coalesce(amounts.amount, 0)
        + if(
            is_main,
            assigned.quantity - sum(coalesce(amounts.amount, 0)) over of_line,
            0
        ) as own_base,
        own_base * assigned.unit_price as exact_amount,
        {{ round_money('exact_amount', 'currencies.minor_units') }} as rounded_amount,
        rounded_amount - if(rounded_amount > exact_amount, minor_unit, 0) as low_amount
    from assigned
    inner join taxes_printed
        on
            assigned.org_id = taxes_printed.org_id
            and assigned.answered_date = taxes_printed.expected_invoice_date
            and assigned.group_product = taxes_printed.group_product
    inner join {{ ref('currencies') }} as currencies
        on assigned.currency = currencies.currency
    left join amounts
        on
            assigned.org_id = amounts.org_id
            and assigned.invoice_id = amounts.invoice_id
            and taxes_printed.invoice_number = amounts.invoice_number
    where assigned.kind = 'tax'
    window of_line as (partition by assigned.invoice_line_id)
    qualify
        bool_or(is_main) over of_line
        and not bool_or(is_main and printed_amount = assigned.amount) over of_line
        and (is_main or own_base <> 0)

),

-- The minor units that rounding down leaves go to those that are printed so, then to the
-- largest remainders.
taxes_divided as (

    select
        *,
        row_number() over (
            partition by invoice_line_id
            order by
                printed_amount = low_amount + minor_unit desc,
                exact_amount - low_amount desc,
                invoice_number asc
        ) as units_place,
        amount - sum(low_amount) over (partition by invoice_line_id) as amount_left,
        low_amount + if(units_place * minor_unit <= amount_left, minor_unit, 0)
            as own_amount
    from parts

),

shared as (

    select
        invoice_line_id,
        invoice_number,
        is_main,
        own_base,
        own_amount
    from taxes_divided
    union all
    select
        invoice_line_id,
        invoice_number,
        is_main,
        own_base,
        own_amount
    from units_divided

)

select
    assigned.invoice_line_id
    || if(coalesce(shared.is_main, true), '', '/' || shared.invoice_number)
        as invoice_line_id,
    assigned.invoice_id,
    assigned.org_id,
    coalesce(shared.invoice_number, assigned.invoice_number) as invoice_number,
    assigned.invoice_date,
    assigned.group_product,
    case
        when assigned.charge_type = 'prepay' and assigned.amount < 0 then 'given_back'
        when assigned.charge_type in ('prepay', 'committed') then assigned.charge_type
        else 'arrears'
    end as charge,
    assigned.product_code,
    assigned.charge_type,
    assigned.kind,
    coalesce(assigned.kind = 'tax', false) as is_tax,
    assigned.description,
    assigned.service_period_start,
    assigned.service_period_end,
    coalesce(shared.own_base, assigned.quantity)::decimal(38, 6) as quantity,
    assigned.unit_price,
    if(
        coalesce(shared.is_main, true),
        assigned.amount - coalesce(
            sum(shared.own_amount) filter (where not shared.is_main) over (
                partition by assigned.invoice_line_id
            ),
            0
        ),
        shared.own_amount
    ) as amount,
    assigned.currency,
    assigned.is_waived
from assigned
left join shared
    on assigned.invoice_line_id = shared.invoice_line_id
