-- What a line shows is what it costs: |quantity * price - amount| is at most half the
-- smallest unit of the currency, a half goes up, and the amount is whole in that unit.
-- Waived lines and telco lines, whose price is informative, are apart (INV-14).
with

lines as (

    select
        invoice_lines.org_id,
        invoice_lines.invoice_line_id,
        invoice_lines.quantity,
        invoice_lines.unit_price,
        invoice_lines.amount,
        invoice_lines.quantity * invoice_lines.unit_price as exact_amount,
        case currencies.minor_units
            when 0 then 1
            when 2 then 100
            when 3 then 1000
        end as units_in_one
    from {{ ref('invoice_lines') }} as invoice_lines
    inner join {{ ref('int_products') }} as products
        on
            invoice_lines.product_code = products.product_code
            and (products.org_id is null or invoice_lines.org_id = products.org_id)
    left join {{ ref('currencies') }} as currencies
        on invoice_lines.currency = currencies.currency
    where not invoice_lines.is_waived and products.kind <> 'call'

)

select * from lines
where
    units_in_one is null
    or exact_amount is null
    or abs(exact_amount - amount) * units_in_one * 2 > 1
    or (
        abs(exact_amount - amount) * units_in_one * 2 = 1
        and abs(amount) < abs(exact_amount)
    )
    or amount * units_in_one <> (amount * units_in_one)::hugeint
