with

assigned as (

    select * from {{ ref('int_lines_assigned') }}
    where not is_tax

),

sharing as (

    select * from {{ ref('int_numbers_sharing') }}

),

-- The lines that numbers share lie one behind the other, in units or in money, the cheapest
-- first.
placed as (

    select
        assigned.*,
        runs.is_by_units,
        if(
            runs.is_by_units,
            assigned.quantity::decimal(38, 6),
            assigned.amount::decimal(38, 6)
        ) as size,
        sum(size) over (
            partition by
                assigned.org_id,
                assigned.expected_invoice_date,
                assigned.group_product,
                assigned.is_prepay
            order by
                assigned.unit_price asc,
                assigned.quantity desc,
                assigned.invoice_line_id asc
        )::decimal(38, 6) as line_end
    from assigned
    inner join sharing as runs
        on
            assigned.org_id = runs.org_id
            and assigned.expected_invoice_date = runs.expected_invoice_date
            and assigned.group_product = runs.group_product
            and assigned.is_prepay = runs.is_prepay
            and assigned.invoice_number = runs.invoice_number
    where not assigned.is_waived and assigned.amount >= 0

),

-- Where a line and a share overlap is a piece of the line. The largest piece is the line.
pieces as (

    select
        placed.org_id,
        placed.invoice_line_id,
        placed.kind,
        placed.quantity,
        placed.unit_price,
        placed.amount,
        placed.is_by_units,
        currencies.minor_units,
        sharing.invoice_number,
        sharing.call_minutes,
        least(placed.line_end, sharing.share_end)
        - greatest(placed.line_end - placed.size, sharing.share_start) as piece,
        row_number() over (
            partition by placed.org_id, placed.invoice_line_id
            order by piece desc, sharing.share_start asc
        ) = 1 as is_main,
        piece * placed.unit_price as exact_amount,
        if(
            placed.is_by_units,
            {{ round_money('exact_amount', 'currencies.minor_units') }},
            piece::decimal(28, 4)
        ) as own_amount,
        case
            when placed.is_by_units then piece::decimal(38, 6)
            when placed.kind = 'call'
                then coalesce(
                    sharing.call_minutes,
                    (placed.quantity * piece / placed.amount)::decimal(38, 6)
                )
            else (piece / placed.unit_price)::decimal(38, 6)
        end as own_quantity
    from placed
    inner join sharing
        on
            placed.org_id = sharing.org_id
            and placed.expected_invoice_date = sharing.expected_invoice_date
            and placed.group_product = sharing.group_product
            and placed.is_prepay = sharing.is_prepay
            and placed.line_end > sharing.share_start
            and placed.line_end - placed.size < sharing.share_end
    inner join {{ ref('currencies') }} as currencies
        on placed.currency = currencies.currency

),

-- It has what the others leave.
divided as (

    select
        org_id,
        invoice_line_id,
        invoice_number,
        is_main,
        if(
            is_main,
            (
                quantity - coalesce(
                    sum(own_quantity) filter (where not is_main) over of_line, 0
                )
            )::decimal(38, 6),
            own_quantity
        ) as quantity,
        if(
            is_main,
            (
                amount - coalesce(
                    sum(own_amount) filter (where not is_main) over of_line, 0
                )
            )::decimal(28, 4),
            own_amount
        ) as amount
    from pieces
    window of_line as (partition by org_id, invoice_line_id)

)

select
    assigned.org_id,
    assigned.invoice_line_id,
    assigned.invoice_id,
    coalesce(divided.invoice_number, assigned.invoice_number) as invoice_number,
    assigned.invoice_date,
    assigned.group_product,
    assigned.charge,
    assigned.product_code,
    assigned.charge_type,
    assigned.kind,
    assigned.is_tax,
    assigned.description,
    assigned.service_period_start,
    assigned.service_period_end,
    coalesce(divided.quantity, assigned.quantity) as quantity,
    assigned.unit_price,
    coalesce(divided.amount, assigned.amount) as amount,
    assigned.currency,
    assigned.is_waived,
    coalesce(divided.is_main, true) as is_main
from assigned
left join divided
    on
        assigned.org_id = divided.org_id
        and assigned.invoice_line_id = divided.invoice_line_id
