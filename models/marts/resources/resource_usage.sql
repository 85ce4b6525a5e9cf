with

measured as (

    select * from {{ ref('int_resource_usage__measured') }}

),

allowances as (

    select * from {{ ref('int_allowances__pooled') }}

)

-- Above the allowance, never below zero, nothing carried over (FU-03).
select
    measured.org_id,
    measured.cycle_start_date,
    measured.product_code,
    measured.used_quantity,
    coalesce(allowances.included_quantity, 0)::decimal(38, 6) as included_quantity,
    greatest(
        0, measured.used_quantity - coalesce(allowances.included_quantity, 0)
    )::decimal(38, 6) as overage_quantity
from measured
left join allowances
    on
        measured.org_id = allowances.org_id
        and measured.cycle_start_date = allowances.cycle_start_date
        and measured.product_code = allowances.product_code
