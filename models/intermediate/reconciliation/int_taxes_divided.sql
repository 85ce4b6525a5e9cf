with

taxes as (

    select * from {{ ref('int_lines_assigned') }}
    where is_tax

),

charged as (

    select
        org_id,
        invoice_id,
        invoice_number,
        sum(amount) as amount
    from {{ ref('int_charges_divided') }}
    group by org_id, invoice_id, invoice_number

),

-- The numbers that have charges of our invoice, and the one that the tax belongs to.
numbers as (

    from charged
    union all
    select distinct
        taxes.org_id,
        taxes.invoice_id,
        taxes.invoice_number,
        0::decimal(28, 4) as amount
    from taxes
    anti join charged
        on
            taxes.org_id = charged.org_id
            and taxes.invoice_id = charged.invoice_id
            and taxes.invoice_number = charged.invoice_number

),

taxes_printed as (

    select
        org_id,
        invoice_number,
        group_product,
        sum(amount) as amount
    from {{ ref('int_vendor_lines_matched') }}
    where is_tax and not is_billed_again
    group by org_id, invoice_number, group_product

),

taxing as (

    select distinct
        org_id,
        invoice_number
    from taxes_printed

),

-- Each prints a tax by its level, or all that it does not name in one sum; where it prints
-- neither but other taxes, the level is missing there.
printing as (

    select
        taxes.*,
        numbers.invoice_number as printing_number,
        numbers.amount as charged_amount,
        numbers.invoice_number = taxes.invoice_number as is_main,
        coalesce(
            levels.group_product,
            sums.group_product,
            if(taxing.invoice_number is null, null, taxes.group_product)
        ) as printed_as,
        coalesce(levels.amount, sums.amount) as printed_amount,
        sum(taxes.amount) over (
            partition by taxes.org_id, printing_number, printed_as, is_main
        ) as amount_as_printed
    from taxes
    inner join numbers
        on
            taxes.org_id = numbers.org_id
            and taxes.invoice_id = numbers.invoice_id
    left join taxes_printed as levels
        on
            taxes.org_id = levels.org_id
            and numbers.invoice_number = levels.invoice_number
            and taxes.group_product = levels.group_product
    left join taxes_printed as sums
        on
            taxes.org_id = sums.org_id
            and numbers.invoice_number = sums.invoice_number
            and sums.group_product = 'tax'
    left join taxing
        on
            taxes.org_id = taxing.org_id
            and numbers.invoice_number = taxing.invoice_number

),

-- Of a tax that several of them print, each has the part of what it bills itself; what none
-- of them bills is on the number that the tax belongs to.
parts as (

    select
        printing.*,
        ('1e-' || currencies.minor_units)::decimal(28, 4) as minor_unit,
        printing.charged_amount
        + if(
            printing.is_main,
            printing.quantity - sum(printing.charged_amount) over of_line,
            0
        ) as own_base,
        own_base * printing.unit_price as exact_amount,
        {{ round_money('exact_amount', 'currencies.minor_units') }} as rounded_amount,
        rounded_amount - if(rounded_amount > exact_amount, minor_unit, 0) as low_amount
    from printing
    inner join {{ ref('currencies') }} as currencies
        on printing.currency = currencies.currency
    where printing.printed_as is not null
    window of_line as (partition by printing.org_id, printing.invoice_line_id)
    qualify
        bool_or(printing.is_main) over of_line
        and not bool_or(
            printing.is_main and printing.printed_amount = printing.amount_as_printed
        ) over of_line
        and (printing.is_main or own_base <> 0)

),

-- The minor units that rounding down leaves go to those that are printed so, then to the
-- largest remainders.
divided as (

    select
        *,
        row_number() over (
            partition by org_id, invoice_line_id
            order by
                coalesce(printed_amount = low_amount + minor_unit, false) desc,
                exact_amount - low_amount desc,
                printing_number asc
        ) as units_place,
        amount - sum(low_amount) over of_line as amount_left,
        low_amount + if(units_place * minor_unit <= amount_left, minor_unit, 0)
            as own_amount
    from parts
    window of_line as (partition by org_id, invoice_line_id)

)

select
    taxes.org_id,
    taxes.invoice_line_id,
    taxes.invoice_id,
    coalesce(divided.printing_number, taxes.invoice_number) as invoice_number,
    taxes.invoice_date,
    coalesce(divided.printed_as, on_main.printed_as, taxes.group_product)
        as group_product,
    taxes.charge,
    taxes.product_code,
    taxes.charge_type,
    taxes.kind,
    taxes.is_tax,
    taxes.description,
    taxes.service_period_start,
    taxes.service_period_end,
    coalesce(divided.own_base, taxes.quantity) as quantity,
    taxes.unit_price,
    if(
        coalesce(divided.is_main, true),
        taxes.amount - coalesce(
            sum(divided.own_amount) filter (where not divided.is_main) over (
                partition by taxes.org_id, taxes.invoice_line_id
            ),
            0
        ),
        divided.own_amount
    ) as amount,
    taxes.currency,
    taxes.is_waived,
    coalesce(divided.is_main, true) as is_main
from taxes
left join printing as on_main
    on
        taxes.org_id = on_main.org_id
        and taxes.invoice_line_id = on_main.invoice_line_id
        and on_main.is_main
left join divided
    on
        taxes.org_id = divided.org_id
        and taxes.invoice_line_id = divided.invoice_line_id
