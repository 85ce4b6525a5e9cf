-- What several numbers have of a line is a line of its own on each, named after it.
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
    from {{ ref('int_charges_divided') }}
    union all by name
    from {{ ref('int_taxes_divided') }}
) as divided
