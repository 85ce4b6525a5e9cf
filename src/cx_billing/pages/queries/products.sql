select
    product_code,
    invoice_name,
    kind,
    unit_of_measure
from reference.products
order by product_code
