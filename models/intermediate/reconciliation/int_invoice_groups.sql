with

-- The dates of our invoices that each of the vendor's answers: their rates count.
dated as (

    select distinct
        org_id,
        invoice_number,
        coalesce(expected_invoice_date, invoice_date) as taxed_on
    from {{ ref('int_printed_lines') }}

),

-- Invoices whose contract, the one in force before their date, has no jurisdiction, or one
-- without rates on that date (`unrated_jurisdiction`); a contract that begins on that date
-- may have taxed it.
untaxed as (

    select
        dated.org_id,
        dated.invoice_number,
        nullif(max_by(
            coalesce(contracts.tax_jurisdiction, ''), contracts.effective_date
        ), '') as unrated_jurisdiction
    from dated
    inner join {{ ref('int_contracts') }} as contracts
        on
            dated.org_id = contracts.org_id
            and dated.taxed_on > contracts.effective_date
    left join {{ ref('tax_rates') }} as tax_rates
        on
            contracts.tax_jurisdiction = tax_rates.tax_jurisdiction
            and dated.taxed_on >= tax_rates.valid_from
            and dated.taxed_on < tax_rates.valid_to
    anti join {{ ref('int_answered_lines') }} as our_taxes
        on
            dated.org_id = our_taxes.org_id
            and dated.invoice_number = our_taxes.invoice_number
            and our_taxes.is_tax
    group by dated.org_id, dated.invoice_number
    having
        not max_by(
            tax_rates.rate is not null,
            (contracts.effective_date, tax_rates.rate is not null)
        )

),

-- Both sides, line by line. Credits, corrections and lines of no product of ours stand
-- alone. Where no rates are known nothing is known of taxes: they are as printed.
both_sides as (

    select
        org_id,
        invoice_number,
        group_product,
        charge,
        case
            when charge in ('credit', 'earlier', 'again') or group_product = 'unknown'
                then vendor_line_id
        end as lone_line_id,
        true as is_printed,
        is_repeated,
        first_invoice_number,
        vendor_line_id as line_id,
        line_number,
        product_code,
        null as charge_type,
        kind,
        is_tax,
        false as is_waived,
        breakout,
        description,
        service_period_start,
        service_period_end,
        quantity::decimal(38, 6) as quantity,
        unit_price::decimal(28, 10) as unit_price,
        amount::decimal(28, 4) as amount,
        currency,
        null::varchar as unrated_jurisdiction
    from {{ ref('int_printed_lines') }}
    union all
    select
        org_id,
        invoice_number,
        group_product,
        charge,
        null as lone_line_id,
        false as is_printed,
        false as is_repeated,
        null as first_invoice_number,
        invoice_line_id as line_id,
        null as line_number,
        product_code,
        charge_type,
        kind,
        is_tax,
        is_waived,
        null as breakout,
        description,
        service_period_start,
        service_period_end,
        quantity::decimal(38, 6) as quantity,
        unit_price::decimal(28, 10) as unit_price,
        amount::decimal(28, 4) as amount,
        currency,
        null::varchar as unrated_jurisdiction
    from {{ ref('int_answered_lines') }}
    union all
    select
        printed_lines.org_id,
        printed_lines.invoice_number,
        printed_lines.group_product,
        printed_lines.charge,
        if(printed_lines.charge = 'again', printed_lines.vendor_line_id, null)
            as lone_line_id,
        false as is_printed,
        false as is_repeated,
        null as first_invoice_number,
        'as printed ' || printed_lines.vendor_line_id as line_id,
        printed_lines.line_number,
        printed_lines.product_code,
        'tax' as charge_type,
        printed_lines.kind,
        true as is_tax,
        false as is_waived,
        null as breakout,
        printed_lines.description,
        printed_lines.service_period_start,
        printed_lines.service_period_end,
        printed_lines.quantity::decimal(38, 6) as quantity,
        printed_lines.unit_price::decimal(28, 10) as unit_price,
        printed_lines.amount::decimal(28, 4) as amount,
        printed_lines.currency,
        untaxed.unrated_jurisdiction
    from {{ ref('int_printed_lines') }} as printed_lines
    inner join untaxed
        on
            printed_lines.org_id = untaxed.org_id
            and printed_lines.invoice_number = untaxed.invoice_number
    where printed_lines.is_tax and printed_lines.charge <> 'credit'

),

-- A message line of another class that has as many as the line of ours that is missing is
-- that line.
messages as (

    select
        org_id,
        invoice_number,
        group_product,
        sum(quantity) filter (where is_printed) as printed_quantity,
        sum(quantity) filter (where not is_printed) as expected_quantity
    from both_sides
    where kind = 'message' and charge = 'arrears' and lone_line_id is null
    group by org_id, invoice_number, group_product

),

reclassified as (

    select
        both_sides.line_id,
        missing.group_product,
        missing.org_id
    from both_sides
    inner join messages
        on
            both_sides.org_id = messages.org_id
            and both_sides.invoice_number = messages.invoice_number
            and both_sides.group_product = messages.group_product
            and messages.printed_quantity - both_sides.quantity
            = coalesce(messages.expected_quantity, 0)
    inner join messages as missing
        on
            both_sides.org_id = missing.org_id
            and both_sides.invoice_number = missing.invoice_number
            and both_sides.quantity = missing.expected_quantity
            and missing.printed_quantity is null
    where
        both_sides.is_printed
        and both_sides.kind = 'message'
        and both_sides.charge = 'arrears'
        and both_sides.lone_line_id is null
    qualify
        row_number() over (
            partition by both_sides.org_id, both_sides.line_id
            order by missing.group_product
        ) = 1
        and row_number() over (
            partition by missing.org_id, missing.invoice_number, missing.group_product
            order by both_sides.line_id
        ) = 1

),

varied as (

    select
        both_sides.* exclude (group_product),
        coalesce(reclassified.group_product, both_sides.group_product) as group_product,
        if(both_sides.is_printed, both_sides.amount, -both_sides.amount)
            as signed_amount,
        case
            when both_sides.kind = 'number' then 'number'
            when both_sides.is_tax then 'tax'
            else both_sides.group_product
        end as product_family
    from both_sides
    left join reclassified
        on
            both_sides.org_id = reclassified.org_id
            and both_sides.line_id = reclassified.line_id
            and both_sides.is_printed

),

-- A product that agrees only over all its charges is one group, and so are the charges of
-- numbers and the taxes. Licenses whose units agree over commitment and arrears are too.
summed as (

    select
        *,
        sum(signed_amount) over (
            partition by org_id, invoice_number, group_product, charge, lone_line_id
        ) as charge_variance,
        sum(signed_amount) over (
            partition by org_id, invoice_number, group_product, lone_line_id
        ) as product_variance,
        sum(signed_amount) over (
            partition by org_id, invoice_number, product_family, lone_line_id
        ) as family_variance,
        sum(if(is_printed, quantity, -quantity)) filter (
            where charge in ('committed', 'arrears') and kind in ('license', 'addon')
        ) over (
            partition by org_id, invoice_number, group_product, lone_line_id
        ) as units_variance,
        min(charge) filter (where is_printed and charge in ('committed', 'arrears')) over (
            partition by org_id, invoice_number, group_product, lone_line_id
        ) as first_printed_charge,
        max(charge) filter (where is_printed and charge in ('committed', 'arrears')) over (
            partition by org_id, invoice_number, group_product, lone_line_id
        ) as last_printed_charge,
        bool_or(is_printed) over of_product
        and bool_or(not is_printed) over of_product as is_on_both_sides
    from varied
    window
        of_product as (
            partition by org_id, invoice_number, group_product, lone_line_id
        )

),

-- Levels of a tax that both sides have are compared level by level.
families as (

    select
        *,
        product_variance <> 0
        and family_variance = 0
        and not (
            is_tax
            and bool_and(is_on_both_sides) over (
                partition by org_id, invoice_number, product_family, lone_line_id
            )
        ) as is_one_family
    from summed

),

merged as (

    select
        * exclude (is_on_both_sides, is_one_family) replace (
            if(is_one_family, product_family, group_product) as group_product,
            case
                when is_one_family then 'all'
                when product_variance = 0 and bool_or(charge_variance <> 0) over (
                    partition by org_id, invoice_number, group_product, lone_line_id
                ) and lone_line_id is null then 'all'
                when
                    units_variance = 0
                    and product_variance <> 0
                    and first_printed_charge = last_printed_charge
                    and charge in ('committed', 'arrears')
                    and bool_or(
                        charge in ('committed', 'arrears')
                        and charge <> first_printed_charge
                    ) over (
                        partition by org_id, invoice_number, group_product, lone_line_id
                    )
                    then 'all'
                else charge
            end as charge
        )
    from families

)

select
    *,
    {{ vendor_group_id(
        'invoice_number', 'group_product', 'charge',
        'if(lone_line_id is null, null, line_number)'
    ) }} as group_id
from merged
