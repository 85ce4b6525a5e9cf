-- A line that cannot be classified would be in no section of the invoice (INV-03).
-- Only an order may be for something the catalogue does not know (INV-14).
select
    invoice_lines.org_id,
    invoice_lines.invoice_line_id,
    invoice_lines.product_code,
    invoice_lines.section,
    invoice_lines.unit_of_measure
from {{ ref('invoice_lines') }} as invoice_lines
left join {{ ref('int_products') }} as products
    on
        invoice_lines.product_code = products.product_code
        and products.org_id is null
left join {{ ref('int_products') }} as own_products
    on
        invoice_lines.product_code = own_products.product_code
        and invoice_lines.org_id = own_products.org_id
where
    (
        products.product_code is null
        and own_products.product_code is null
        and invoice_lines.charge_type <> 'one_time'
    )
    or coalesce(invoice_lines.section, '') = ''
    or coalesce(invoice_lines.unit_of_measure, '') = ''
