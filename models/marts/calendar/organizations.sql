with

contracts as (

    select * from {{ ref('int_contracts') }}

),

current_contracts as (

    select *
    from contracts
    qualify
        row_number() over (partition by org_id order by effective_date desc) = 1

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
    term_end_date,
    -- The build marks those whose rows are of an earlier one.
    false as is_parked,
    null::timestamp as parked_since,
    null::varchar as parked_reason
from current_contracts
