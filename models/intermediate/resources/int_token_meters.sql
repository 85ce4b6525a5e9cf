with

cycles as (

    select * from {{ ref('int_cycles') }}

),

meters as (

    select * from {{ ref('ai_token_meters') }}

),

-- The meter valid at the cycle start applies to the whole cycle (X17); messages have one
-- where the contract prices them by token (CONV-09).
in_force as (

    select
        cycles.org_id,
        cycles.cycle_start_date,
        meters.product_code,
        cycles.license_model,
        meters.tokens,
        meters.units,
        meters.pricing_model = 'per_token' as is_of_messages
    from cycles
    inner join meters
        on
            cycles.cycle_start_date >= meters.valid_from
            and cycles.cycle_start_date < meters.valid_to
            and meters.pricing_model in ('any', cycles.messaging_pricing_model)
            and meters.license_model in ('any', cycles.license_model)

)

select * from in_force
