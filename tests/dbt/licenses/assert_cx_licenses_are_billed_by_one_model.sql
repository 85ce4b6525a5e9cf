-- A service period is charged for CX users, for concurrent users or for user hours, never
-- for two of them (LIC-04).
with

cx_lines as (

    select
        invoice_lines.org_id,
        invoice_lines.service_period_start,
        invoice_lines.service_period_end,
        regexp_extract(invoice_lines.description, '(User Hour|User|Concurrent)( –|$)', 1)
            as counted_as
    from {{ ref('invoice_lines') }} as invoice_lines
    inner join {{ ref('products') }} as products
        on invoice_lines.product_code = products.product_code
    where products.is_cx

)

select
    org_id,
    service_period_start,
    service_period_end,
    string_agg(distinct counted_as, ', ') as counted_as
from cx_lines
group by org_id, service_period_start, service_period_end
having count(distinct counted_as) > 1
