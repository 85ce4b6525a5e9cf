with

assigned as (

    select * from {{ ref('int_lines_assigned') }}

),

charges as (

    select
        assigned.* replace (
            coalesce(divided.invoice_number, assigned.invoice_number) as invoice_number,
            coalesce(divided.quantity, assigned.quantity) as quantity,
            coalesce(divided.amount, assigned.amount) as amount
        ),
        coalesce(divided.is_main, true) as is_main
    from assigned
    left join {{ ref('int_units_divided') }} as divided
        on
            assigned.org_id = divided.org_id
            and assigned.invoice_line_id = divided.invoice_line_id
    where not assigned.is_tax

),

charged as (

    select
        org_id,
        invoice_id,
        invoice_number,
        sum(amount) as amount
    from charges
    group by org_id, invoice_id, invoice_number

),

taxes_printed as (

    select
        org_id,
        expected_invoice_date,
        invoice_number,
        group_product,
        sum(amount) as amount
    from {{ ref('int_vendor_lines_matched') }}
    where is_tax and not is_billed_again
    group by org_id, expected_invoice_date, invoice_number, group_product

),

-- Of a tax that several of them print, each has the part of what it bills itself; what none
-- of them bills is on the number that the tax belongs to.
parts as (

    select
        taxes.org_id,
        taxes.invoice_line_id,
        taxes.amount,
        taxes_printed.invoice_number,
        taxes_printed.amount as printed_amount,
        taxes_printed.invoice_number = taxes.invoice_number as is_main,
        ('1e-' || currencies.minor_units)::decimal(28, 4) as minor_unit,
        coalesce(charged.amount, 0)
        + if(
            is_main,
            taxes.quantity - sum(coalesce(charged.amount, 0)) over of_line,
            0
        ) as own_base,
        own_base * taxes.unit_price as exact_amount,
        {{ round_money('exact_amount', 'currencies.minor_units') }} as rounded_amount,
        rounded_amount - if(rounded_amount > exact_amount, minor_unit, 0) as low_amount
    from assigned as taxes
    inner join taxes_printed
        on
            taxes.org_id = taxes_printed.org_id
            and taxes.expected_invoice_date = taxes_printed.expected_invoice_date
            and taxes.group_product = taxes_printed.group_product
    inner join {{ ref('currencies') }} as currencies
        on taxes.currency = currencies.currency
    left join charged
        on
            taxes.org_id = charged.org_id
            and taxes.invoice_id = charged.invoice_id
            and taxes_printed.invoice_number = charged.invoice_number
    where taxes.is_tax
    window of_line as (partition by taxes.org_id, taxes.invoice_line_id)
    qualify
        bool_or(is_main) over of_line
        and not bool_or(is_main and printed_amount = taxes.amount) over of_line
        and (is_main or own_base <> 0)

),

-- The minor units that rounding down leaves go to those that are printed so, then to the
-- largest remainders.
taxes_divided as (

    select
        *,
        row_number() over (
            partition by org_id, invoice_line_id
            order by
                printed_amount = low_amount + minor_unit desc,
                exact_amount - low_amount desc,
                invoice_number asc
        ) as units_place,
        amount - sum(low_amount) over (partition by org_id, invoice_line_id)
            as amount_left,
        low_amount + if(units_place * minor_unit <= amount_left, minor_unit, 0)
            as own_amount
    from parts

),

taxes as (

    select
        assigned.* replace (
            coalesce(divided.invoice_number, assigned.invoice_number) as invoice_number,
            coalesce(divided.own_base, assigned.quantity) as quantity,
            if(
                coalesce(divided.is_main, true),
                assigned.amount - coalesce(
                    sum(divided.own_amount) filter (where not divided.is_main) over (
                        partition by assigned.org_id, assigned.invoice_line_id
                    ),
                    0
                ),
                divided.own_amount
            ) as amount
        ),
        coalesce(divided.is_main, true) as is_main
    from assigned
    left join taxes_divided as divided
        on
            assigned.org_id = divided.org_id
            and assigned.invoice_line_id = divided.invoice_line_id
    where assigned.is_tax

)

select
    invoice_line_id || if(is_main, '', '/' || invoice_number) as invoice_line_id,
    invoice_id,
    org_id,
    invoice_number,
    invoice_date,
    group_product,
    charge,
    product_code,
    charge_type,
    kind,
    is_tax,
    description,
    service_period_start,
    service_period_end,
    quantity::decimal(38, 6) as quantity,
    unit_price,
    amount,
    currency,
    is_waived
from (
    from charges
    union all by name
    from taxes
) as divided
