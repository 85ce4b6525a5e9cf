with

steps as (

    select * from {{ ref('int_concurrency_steps') }}

),

lengths as (

    select
        org_id,
        cycle_start_date,
        peak_minimum_minutes as minimum_minutes
    from {{ ref('int_cycles') }}

),

peaks as (

    {{ sustained_users('steps', 'lengths') }}

)

select
    org_id,
    cycle_start_date,
    pool,
    highest_users,
    sustained_users
from peaks
