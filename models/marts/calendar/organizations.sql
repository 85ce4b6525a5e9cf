with

contracts as (

    select * from {{ ref('int_contracts__in_force') }}

),

build as (

    select * from {{ ref('int_build__as_of') }}

),

-- The contract that has begun last; before the first one begins, the first one.
current_contracts as (

    select contracts.*
    from contracts
    cross join build
    qualify
        row_number() over (
            partition by contracts.org_id
            order by
                contracts.effective_date < build.as_of_date desc,
                abs(contracts.effective_date - build.as_of_date)
        ) = 1

)

select
    org_id,
    org_name,
    billing_account_id,
    region,
    currency,
    license_model,
    billing_option,
    effective_date,
    ramp_end_date,
    term_end_date
from current_contracts
