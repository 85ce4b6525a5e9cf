with

invoice_lines as (

    select * from {{ ref('int_invoice_lines') }}
    where invoice_status = 'final'

),

products as (

    {{ products_by_organization('invoice_lines') }}

)

select
    invoice_lines.org_id,
    invoice_lines.invoice_date,
    coalesce(products.match_code, invoice_lines.product_code) as match_code,
    invoice_lines.charge_type = 'prepay' as is_prepay,
    bool_and(invoice_lines.charge_type = 'one_time') as is_order,
    bool_and(invoice_lines.charge_type = 'tax') as is_tax,
    sum(invoice_lines.amount) as amount,
    sum(invoice_lines.quantity) as quantity,
    max(invoice_lines.unit_price) as unit_price,
    min(invoice_lines.service_period_start) as service_period_start,
    max(invoice_lines.service_period_end) as service_period_end
from invoice_lines
left join products
    on
        invoice_lines.org_id = products.org_id
        and invoice_lines.product_code = products.product_code
group by all
