with

measured as (

    select * from {{ ref('int_resource_usage') }}

),

allowances as (

    select * from {{ ref('int_allowances') }}

),

products as (

    select * from {{ ref('products') }}
    where kind = 'resource'

),

policies as (

    select * from {{ ref('billing_policies') }}

)

-- Above the allowance, never below zero, nothing carried over (FU-03); of resources in
-- whole units where the policy of the cycle says so (FU-07).
select
    measured.org_id,
    measured.cycle_start_date,
    measured.product_code,
    measured.used_quantity,
    coalesce(allowances.included_quantity, 0)::decimal(38, 6) as included_quantity,
    {{ round_overage(
        'measured.used_quantity - coalesce(allowances.included_quantity, 0)',
        "if(products.product_code is null, 'none', policies.overage_rounding)"
    ) }} as overage_quantity
from measured
inner join policies
    on
        measured.cycle_start_date >= policies.valid_from
        and measured.cycle_start_date < policies.valid_to
left join products
    on measured.product_code = products.product_code
left join allowances
    on
        measured.org_id = allowances.org_id
        and measured.cycle_start_date = allowances.cycle_start_date
        and measured.product_code = allowances.product_code
