with

figures as (

    select * from {{ ref('int_groups_priced') }}

),

other_quantities as (

    select * from {{ ref('int_other_quantities') }}

),

other_amounts as (

    select * from {{ ref('int_other_amounts') }}

),

-- Quantities that another assumption gives, and that the vendor bills exactly.
of_quantity as (

    select
        figures.org_id,
        figures.group_id,
        other_quantities.reason,
        other_quantities.assumed
    from figures
    inner join other_quantities
        on
            figures.org_id = other_quantities.org_id
            and figures.cycle_start_date = other_quantities.cycle_start_date
            and figures.product_code = other_quantities.product_code
            and figures.printed_quantity = other_quantities.quantity
    where
        figures.charge = 'arrears'
        and figures.printed_quantity > 0
        and figures.printed_quantity is distinct from figures.expected_quantity
    union all
    select
        org_id,
        group_id,
        'whole_units' as reason,
        'rounded up to a whole unit' as assumed
    from figures
    where
        printed_quantity = ceil(expected_quantity)
        and printed_quantity <> expected_quantity
    union all
    select
        org_id,
        group_id,
        'other_length' as reason,
        length.cycles || if(
            printed_quantity > expected_quantity, ' cycles for one', ' cycles in one'
        ) as assumed
    from figures
    cross join unnest(list_distinct([12, printed_cycles])) as length (cycles)
    where
        is_fee
        and length.cycles > 1
        and (
            printed_quantity = expected_quantity * length.cycles
            or printed_quantity * length.cycles = expected_quantity
        )
    union all
    select
        org_id,
        group_id,
        'commitment_not_billed' as reason,
        'fewer than are committed' as assumed
    from figures
    where charge = 'committed' and printed_quantity < expected_quantity

),

of_amount as (

    select
        figures.org_id,
        figures.group_id,
        assumption.reason,
        case
            when assumption.reason <> 'other_cycle_cut' then assumption.reason
            when figures.printed_amount = other_amounts.amount_at_midnight
                then 'from 00:00'
            when figures.printed_amount = other_amounts.amount_of_calendar_month
                then 'the calendar month'
            when figures.printed_amount = other_amounts.amount_of_next_month
                then 'the next calendar month'
            when figures.printed_amount = other_amounts.amount_of_last_day_twice
                then 'the last day twice'
            when figures.printed_amount = other_amounts.amount_of_a_day_early
                then 'a day early'
            when figures.printed_amount = other_amounts.amount_of_a_day_late
                then 'a day late'
        end as assumed
    from figures
    inner join other_amounts
        on
            figures.org_id = other_amounts.org_id
            and figures.invoice_number = other_amounts.invoice_number
            and figures.group_product = other_amounts.group_product
    cross join
        unnest(
            ['other_cycle_cut', 'duplicate_calls', 'missing_calls', 'mispriced_calls']
        ) as assumption (reason)
    where
        figures.variance_amount <> 0
        and case assumption.reason
            when 'other_cycle_cut'
                then
                    figures.printed_amount in (
                        other_amounts.amount_at_midnight,
                        other_amounts.amount_of_calendar_month,
                        other_amounts.amount_of_next_month,
                        other_amounts.amount_of_last_day_twice,
                        other_amounts.amount_of_a_day_early,
                        other_amounts.amount_of_a_day_late
                    )
            when 'duplicate_calls'
                then
                    figures.printed_amount in (
                        other_amounts.amount_landed_twice,
                        other_amounts.amount_without_twins
                    )
            when 'missing_calls'
                then
                    other_amounts.is_missing_calls
                    and figures.variance_amount > 0
                    and figures.printed_quantity > figures.expected_quantity
            when 'mispriced_calls'
                then
                    other_amounts.mispriced_calls > 0
                    and figures.printed_amount = other_amounts.rated_amount
        end

),

candidates as (

    select
        *,
        'quantity' as part
    from of_quantity
    union all
    select
        *,
        'rate' as part
    from {{ ref('int_rate_candidates') }}
    union all
    select
        *,
        'whole' as part
    from of_amount

),

ranked as (

    select
        candidates.*,
        min(reasons.position) over (
            partition by candidates.org_id, candidates.group_id, candidates.part
        ) = reasons.position as is_first
    from candidates
    inner join {{ ref('difference_reasons') }} as reasons
        on candidates.reason = reasons.reason

)

-- The first of the list counts; what else gives the same figure is told.
select
    org_id,
    group_id,
    part,
    min(reason) filter (where is_first) as reason,
    string_agg(distinct assumed, ' or ' order by assumed) filter (where is_first)
        as assumed,
    string_agg(distinct reason, ', ' order by reason) filter (where not is_first)
        as other_reasons
from ranked
group by org_id, group_id, part
