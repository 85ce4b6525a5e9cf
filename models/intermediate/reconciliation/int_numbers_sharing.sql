with

assigned as (

    select
        ours.*,
        currencies.minor_units,
        ours.quantity * ours.unit_price as exact_amount,
        {{ round_money('exact_amount', 'currencies.minor_units') }} as price_of_units,
        ('1e-' || currencies.minor_units)::decimal(28, 4) as minor_unit
    from {{ ref('int_lines_assigned') }} as ours
    inner join {{ ref('currencies') }} as currencies
        on ours.currency = currencies.currency
    where not ours.is_tax and not ours.is_waived and ours.amount >= 0

),

-- The rest of an order may be on a number that answers another invoice of ours (INV-06).
printed_lines as (

    select * from {{ ref('int_vendor_lines_matched') }}
    where not is_billed_again
    union all
    select printed.* replace (orders.invoice_date as expected_invoice_date)
    from {{ ref('int_vendor_lines_matched') }} as printed
    inner join {{ ref('int_orders_billed_elsewhere') }} as orders
        on
            printed.org_id = orders.org_id
            and printed.invoice_number = orders.invoice_number
            and printed.group_product = orders.match_code
    where orders.is_rest and not printed.is_billed_again and not printed.is_prepay

),

-- What each number prints of a product. A credit of it stands alone.
printed as (

    select
        org_id,
        expected_invoice_date,
        group_product,
        is_prepay,
        invoice_number,
        sum(amount) as amount_with_credits,
        sum(amount) filter (where amount >= 0) as amount,
        if(
            count(quantity) filter (where amount >= 0)
            = count(*) filter (where amount >= 0)
            and min(quantity) filter (where amount >= 0) >= 0,
            sum(quantity) filter (where amount >= 0),
            null
        ) as quantity,
        if(
            count(distinct breakout) = 1 and count(breakout) = count(*),
            any_value(breakout),
            null
        ) as breakout
    from printed_lines
    group by all
    having bool_or(amount >= 0)

),

assigned_amounts as (

    select
        org_id,
        expected_invoice_date,
        group_product,
        is_prepay,
        invoice_number,
        sum(amount) as amount
    from assigned
    group by all

),

-- A number that has all of what belongs to it shares nothing with others.
open_numbers as (

    select
        printed.*,
        coalesce(assigned_amounts.amount, 0) as assigned_amount
    from printed
    left join assigned_amounts
        on
            printed.org_id = assigned_amounts.org_id
            and printed.expected_invoice_date = assigned_amounts.expected_invoice_date
            and printed.group_product = assigned_amounts.group_product
            and printed.is_prepay = assigned_amounts.is_prepay
            and printed.invoice_number = assigned_amounts.invoice_number
    where
        printed.amount is distinct from assigned_amounts.amount
        and printed.amount_with_credits is distinct from assigned_amounts.amount
    window
        of_product as (
            partition by
                printed.org_id,
                printed.expected_invoice_date,
                printed.group_product,
                printed.is_prepay
        )
    qualify
        count(*) over of_product > 1

),

-- What of ours they share: by units, where each is worth its price.
shared as (

    select
        assigned.org_id,
        assigned.expected_invoice_date,
        assigned.group_product,
        assigned.is_prepay,
        count(*) as our_lines,
        sum(assigned.quantity) as our_quantity,
        sum(assigned.amount) as our_amount,
        min(assigned.unit_price) as our_price,
        any_value(assigned.product_code) as product_code,
        any_value(assigned.service_period_start) as service_period_start,
        any_value(assigned.minor_units) as minor_units,
        any_value(assigned.minor_unit) as minor_unit,
        bool_or(assigned.kind = 'call') as is_call,
        bool_and(assigned.amount = assigned.price_of_units) as is_worth_its_price
    from assigned
    semi join open_numbers
        on
            assigned.org_id = open_numbers.org_id
            and assigned.expected_invoice_date = open_numbers.expected_invoice_date
            and assigned.group_product = open_numbers.group_product
            and assigned.is_prepay = open_numbers.is_prepay
            and assigned.invoice_number = open_numbers.invoice_number
    group by all

),

of_products as (

    select
        open_numbers.*,
        shared.our_lines,
        shared.our_quantity,
        shared.our_amount,
        shared.our_price,
        shared.product_code,
        shared.service_period_start,
        shared.minor_units,
        shared.minor_unit,
        shared.is_call,
        shared.is_worth_its_price,
        count(*) over of_product as numbers,
        sum(open_numbers.amount) over of_product as printed_amount,
        if(
            count(open_numbers.quantity) over of_product = count(*) over of_product,
            sum(open_numbers.quantity) over of_product,
            null
        ) as printed_quantity,
        count(distinct open_numbers.breakout) over of_product as parts
    from open_numbers
    inner join shared
        on
            open_numbers.org_id = shared.org_id
            and open_numbers.expected_invoice_date = shared.expected_invoice_date
            and open_numbers.group_product = shared.group_product
            and open_numbers.is_prepay = shared.is_prepay
    window
        of_product as (
            partition by
                open_numbers.org_id,
                open_numbers.expected_invoice_date,
                open_numbers.group_product,
                open_numbers.is_prepay
        )

),

-- The rows of a calling service are one sum (TELCO-02). Where they do not come to ours, and
-- one number has the calls within the U.S. and another the international ones, each has
-- ours of them, but on Inbound, which may have toll-free calls.
measured as (

    select
        of_products.*,
        coalesce(calls.international_minutes, 0) as international_minutes,
        coalesce(calls.international_cost, 0) as international_cost,
        {{ round_money('international_cost', 'of_products.minor_units') }}
            as international_amount,
        abs(of_products.printed_amount - of_products.our_amount)
        <= of_products.numbers * of_products.minor_unit as is_of_our_money,
        of_products.is_call is not true
        and of_products.is_worth_its_price
        and of_products.printed_quantity is not null
        and not (
            of_products.printed_quantity > of_products.our_quantity and is_of_our_money
        ) as is_by_units,
        coalesce(
            of_products.is_call
            and of_products.our_lines = 1
            and of_products.parts = of_products.numbers, false
        ) as is_by_part,
        is_by_part
        and of_products.group_product <> 'telco_inbound'
        and not is_of_our_money as is_part_compared,
        case
            when is_by_part and of_products.breakout = 'international'
                then international_minutes
            when is_by_part then of_products.our_quantity - international_minutes
        end as part_minutes,
        case
            when is_by_units then of_products.quantity::decimal(38, 6)
            when is_part_compared and of_products.breakout = 'international'
                then international_amount::decimal(38, 6)
            when is_part_compared
                then (of_products.our_amount - international_amount)::decimal(38, 6)
            else of_products.amount::decimal(38, 6)
        end as own_share,
        if(
            is_by_units,
            of_products.our_quantity::decimal(38, 6),
            of_products.our_amount::decimal(38, 6)
        ) as whole,
        -- As many minutes as ours for more money are dearer, not more.
        coalesce(
            of_products.is_call
            and of_products.printed_quantity = of_products.our_quantity, false
        ) as are_same_calls
    from of_products
    left join {{ ref('int_calls_by_service') }} as calls
        on
            of_products.org_id = calls.org_id
            and of_products.product_code = 'telco_' || calls.service
            and of_products.service_period_start = calls.cycle_start_date

),

-- What the numbers leave is on the one that most of ours belongs to, and what rounding
-- makes too much. Where they have more than ours they share nothing, but the same calls.
taken as (

    select
        *,
        whole - sum(own_share) over of_product as left_over,
        row_number() over (
            of_product order by assigned_amount desc, invoice_number asc
        ) = 1 as is_main,
        greatest(
            own_share + if(
                is_main
                and (
                    left_over > 0
                    or (not is_by_units and abs(left_over) <= numbers * minor_unit)
                ),
                left_over,
                0
            ), 0
        ) as portion,
        round((amount / nullif(quantity, 0))::decimal(28, 6), 4) as printed_price
    from measured
    window
        of_product as (
            partition by org_id, expected_invoice_date, group_product, is_prepay
        )
    qualify
        left_over >= 0
        or (not is_by_units and abs(left_over) <= numbers * minor_unit)
        or are_same_calls

)

-- One after the other: whole units of money first, then the cheapest, then the largest.
select
    org_id,
    expected_invoice_date,
    group_product,
    is_prepay,
    invoice_number,
    is_by_units,
    is_main,
    if(our_lines = 1, coalesce(if(is_part_compared, null, quantity), part_minutes), null)
        as call_minutes,
    sum(portion) over (
        partition by org_id, expected_invoice_date, group_product, is_prepay
        order by
            coalesce(not is_by_units and own_share % our_price <> 0, true) asc,
            printed_price asc nulls first,
            own_share desc,
            invoice_number asc
    )::decimal(38, 6) as share_end,
    (share_end - portion)::decimal(38, 6) as share_start
from taken
