with

cycles as (

    select * from {{ ref('int_cycles') }}

),

numbers as (

    select * from {{ ref('stg_phone_numbers') }}
    where row_status = 'accepted'

),

-- Days on the account in the cycle: the purchase day counts, the release day does not
-- (NUM-01, NUM-03).
held as (

    select
        numbers.org_id,
        cycles.cycle_start_date,
        numbers.phone_number,
        regexp_replace(numbers.number_type, '[^a-z0-9]', '', 'g') as number_type,
        numbers.purchased_date,
        least(
            coalesce(numbers.released_date, '9999-12-31'::date),
            cycles.usage_through_date
        )
        - greatest(numbers.purchased_date, cycles.cycle_start_date) as days_held,
        -- Of the whole month, also where the end of a contract cuts the cycle.
        cycles.days_in_month as days_in_cycle,
        -- A set-up charge is of the cycle of the purchase, or of the next one if no
        -- contract was in force then (NUM-02).
        numbers.purchased_date >= cycles.set_up_from as is_new
    from numbers
    inner join cycles
        on
            numbers.org_id = cycles.org_id
            and numbers.purchased_date < cycles.usage_through_date
            and (
                numbers.released_date is null
                or numbers.released_date > cycles.cycle_start_date
                or numbers.purchased_date >= cycles.cycle_start_date
            )

)

select
    *,
    1::decimal(38, 6) as quantity
from held
