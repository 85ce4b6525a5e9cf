-- The products of every organization (`org_id` null) and those that one alone has.
select
    null::varchar as org_id,
    product_code,
    kind,
    license_rank,
    is_cx,
    is_always_named,
    cycle_value,
    unit_of_measure,
    invoice_name,
    invoice_display
from {{ ref('products') }}
union all by name
select
    org_id,
    product_code,
    kind,
    false as is_cx,
    false as is_always_named,
    'sum' as cycle_value,
    coalesce(
        unit_of_measure,
        case kind
            when 'addon' then 'user'
            when 'device' then 'device'
            when 'message' then 'message'
            else 'each'
        end
    ) as unit_of_measure,
    name as invoice_name,
    case when kind = 'resource' then 'overage_quantity' end as invoice_display
from {{ ref('stg_product_catalogue') }}
where row_status = 'accepted' and not is_shipped
