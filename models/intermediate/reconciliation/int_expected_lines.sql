with

invoice_lines as (

    select * from {{ ref('invoice_lines') }}
    where invoice_status = 'final'

),

covering_invoices as (

    select * from {{ ref('int_vendor_invoices__covering') }}

),

-- Against a vendor invoice without a toll-free row, toll-free calls are part of Inbound.
folded as (

    select
        invoice_lines.invoice_line_id,
        invoice_lines.org_id,
        invoice_lines.invoice_date,
        case
            when
                invoice_lines.product_code = 'telco_toll_free'
                and not covering_invoices.has_toll_free_row
                then 'telco_inbound'
            else invoice_lines.product_code
        end as product_code,
        invoice_lines.charge_type,
        invoice_lines.service_period_start,
        invoice_lines.service_period_end,
        invoice_lines.description,
        invoice_lines.quantity,
        invoice_lines.unit_price,
        invoice_lines.amount,
        invoice_lines.currency,
        invoice_lines.is_waived
    from invoice_lines
    left join covering_invoices
        on
            invoice_lines.org_id = covering_invoices.org_id
            and invoice_lines.service_period_start = covering_invoices.cycle_start_date
            and invoice_lines.section = 'telco'

),

telco_lines as (

    select
        min(invoice_line_id) as expected_line_id,
        org_id,
        invoice_date,
        product_code,
        charge_type,
        service_period_start,
        service_period_end,
        min(description) as description,
        sum(quantity) as quantity,
        null::decimal(28, 10) as unit_price,
        sum(amount) as amount,
        currency,
        false as is_waived
    from folded
    where product_code like 'telco\_%' escape '\'
    group by
        org_id,
        invoice_date,
        product_code,
        charge_type,
        service_period_start,
        service_period_end,
        currency

),

other_lines as (

    select
        invoice_line_id as expected_line_id,
        org_id,
        invoice_date,
        product_code,
        charge_type,
        service_period_start,
        service_period_end,
        description,
        quantity,
        unit_price,
        amount,
        currency,
        is_waived
    from folded
    where product_code not like 'telco\_%' escape '\'

),

expected as (

    select * from telco_lines
    union all
    select * from other_lines

),

-- The vendor does not say the type of a number, so numbers match as numbers.
keyed as (

    select
        expected.*,
        expected.charge_type = 'prepay' as is_prepay,
        case
            when products.kind = 'number' then products.base_product_code
            else expected.product_code
        end as match_code
    from expected
    left join {{ ref('int_products__used') }} as products
        on expected.product_code = products.product_code

)

select
    *,
    row_number() over (
        partition by
            org_id,
            match_code,
            is_prepay,
            service_period_start,
            service_period_end
        order by unit_price, amount, expected_line_id
    ) as line_in_key
from keyed
