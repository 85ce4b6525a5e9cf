select
    org_id,
    cycle_start_date,
    product_code,
    used_quantity,
    tokens
from {{ ref('int_ai_token_usage') }}
where tokens is not null
