with

-- Invoices whose contract, the one in force before their date, has no jurisdiction.
untaxed as (

    select
        printed_lines.org_id,
        printed_lines.invoice_number
    from {{ ref('int_printed_lines') }} as printed_lines
    inner join {{ ref('int_contracts') }} as contracts
        on
            printed_lines.org_id = contracts.org_id
            and coalesce(
                printed_lines.expected_invoice_date, printed_lines.invoice_date
            ) > contracts.effective_date
    group by printed_lines.org_id, printed_lines.invoice_number
    having
        max_by(
            coalesce(contracts.tax_jurisdiction, ''), contracts.effective_date
        ) = ''

),

-- Both sides, line by line. Credits, corrections and lines of no product of ours stand
-- alone. A contract without a jurisdiction says nothing of taxes: they are as printed.
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
        vendor_line_id as line_id,
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
        currency
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
        invoice_line_id as line_id,
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
        currency
    from {{ ref('int_answered_lines') }}
    union all
    select
        printed_lines.org_id,
        printed_lines.invoice_number,
        printed_lines.group_product,
        printed_lines.charge,
        null as lone_line_id,
        false as is_printed,
        false as is_repeated,
        'as printed ' || printed_lines.vendor_line_id as line_id,
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
        printed_lines.currency
    from {{ ref('int_printed_lines') }} as printed_lines
    semi join untaxed
        on
            printed_lines.org_id = untaxed.org_id
            and printed_lines.invoice_number = untaxed.invoice_number
    where printed_lines.is_tax and printed_lines.charge <> 'credit'

),

varied as (

    select
        *,
        if(is_printed, amount, -amount) as signed_amount,
        if(kind = 'number', 'number', group_product) as product_family
    from both_sides

),

-- A product that agrees only over all its charges is one group, and so are the charges of
-- numbers.
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
        ) as family_variance
    from varied

),

merged as (

    select
        * replace (
            case
                when product_variance <> 0 and family_variance = 0 then product_family
                else group_product
            end as group_product,
            case
                when product_variance <> 0 and family_variance = 0 then 'all'
                when product_variance = 0 and bool_or(charge_variance <> 0) over (
                    partition by org_id, invoice_number, group_product, lone_line_id
                ) and lone_line_id is null then 'all'
                else charge
            end as charge
        )
    from summed

)

select
    *,
    concat_ws('/', invoice_number, group_product, charge, lone_line_id) as group_id
from merged
