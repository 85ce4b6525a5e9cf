-- Named and concurrent (or hourly) CX licenses never appear side by side in a cycle
-- (LIC-04); the products of hourly interacting users may, beside any of them (X10).
select
    license_usage.org_id,
    license_usage.cycle_start_date,
    string_agg(distinct license_usage.license_model, ', ') as license_models
from {{ ref('license_usage') }} as license_usage
inner join {{ ref('products') }} as products
    on license_usage.product_code = products.product_code
anti join {{ ref('hourly_products') }} as hourly_products
    on license_usage.product_code = hourly_products.product_code
where products.is_cx
group by license_usage.org_id, license_usage.cycle_start_date
having count(distinct license_usage.license_model) > 1
