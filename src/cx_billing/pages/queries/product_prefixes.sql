select
    prefix,
    product_code
from reference.product_prefixes
order by prefix
