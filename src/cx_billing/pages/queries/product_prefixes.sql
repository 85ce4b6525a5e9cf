select
    prefix,
    product_code,
    invoice_name
from reference.product_prefixes
order by prefix
