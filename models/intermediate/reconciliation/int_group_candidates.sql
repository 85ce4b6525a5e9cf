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

-- Amounts that another cut of the cycle gives. A cut touches all calls of an invoice: one
-- that would change a service on which both agree is a lesser reason.
{% set cut_amounts = {
    'from 00:00 UTC': 'amount_at_midnight',
    'the calendar month': 'amount_of_calendar_month',
    'the next calendar month': 'amount_of_next_month',
    'the last day twice': 'amount_of_last_day_twice',
    'a day early': 'amount_of_a_day_early',
    'a day late': 'amount_of_a_day_late',
} %}
of_cut as (

    select
        figures.org_id,
        figures.group_id,
        'other_cycle_cut' as reason,
        cut.name as assumed,
        case cut.name
            {% for name, amount in cut_amounts.items() %}
                when '{{ name }}' then other_amounts.{{ amount }}
            {% endfor %}
        end as cut_amount,
        figures.variance_amount <> 0 and figures.printed_amount = cut_amount as is_billed,
        bool_or(
            figures.variance_amount = 0
            and cut_amount is distinct from other_amounts.file_amount
        ) over (
            partition by figures.org_id, figures.invoice_number, cut.name
        ) as is_contradicted
    from figures
    inner join other_amounts
        on
            figures.org_id = other_amounts.org_id
            and figures.invoice_number = other_amounts.invoice_number
            and figures.group_product = other_amounts.group_product
    cross join unnest([{{ "'" ~ cut_amounts | join("', '") ~ "'" }}]) as cut (name)

),

of_calls as (

    select
        figures.org_id,
        figures.group_id,
        assumption.reason,
        case
            when assumption.reason = 'usage_without_line'
                then
                    if(
                        figures.printed_us_amount is null,
                        'calls within the U.S.', 'international calls'
                    )
            when assumption.reason <> 'duplicate_calls' then assumption.reason
            when figures.printed_amount = other_amounts.amount_landed_twice
                then 'calls that are in two files are counted twice'
            else 'of calls that are there under two ids one is counted'
        end as assumed
    from figures
    inner join other_amounts
        on
            figures.org_id = other_amounts.org_id
            and figures.invoice_number = other_amounts.invoice_number
            and figures.group_product = other_amounts.group_product
    cross join
        unnest([
            'duplicate_calls', 'missing_calls', 'mispriced_calls', 'usage_without_line'
        ]) as assumption (reason)
    where
        figures.variance_amount <> 0
        and case assumption.reason
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
                    and coalesce(
                        figures.printed_quantity > figures.expected_quantity, true
                    )
            when 'mispriced_calls'
                then
                    other_amounts.mispriced_calls > 0
                    and figures.printed_amount = other_amounts.rated_amount
            -- One part of the service is printed, and it is right (TELCO-02).
            when 'usage_without_line'
                then
                    figures.printed_amount = coalesce(
                        figures.printed_us_amount, figures.printed_international_amount
                    )
                    and figures.printed_amount = if(
                        figures.printed_us_amount is null,
                        other_amounts.international_amount,
                        other_amounts.file_amount - other_amounts.international_amount
                    )
        end

),

-- Of a service, or the surcharge, that the call files have nothing of.
of_missing_services as (

    select distinct
        figures.org_id,
        figures.group_id,
        'missing_calls' as reason,
        'missing_calls' as assumed
    from figures
    inner join other_amounts
        on
            figures.org_id = other_amounts.org_id
            and figures.invoice_number = other_amounts.invoice_number
            and other_amounts.is_missing_calls
    where
        figures.kind in ('call', 'surcharge')
        and figures.expected_lines = 0
        and figures.variance_amount > 0

),

candidates as (

    select
        *,
        false as is_contradicted,
        'quantity' as part
    from of_quantity
    union all
    select
        *,
        false as is_contradicted,
        'whole' as part
    from of_missing_services
    union all
    select
        *,
        false as is_contradicted,
        'rate' as part
    from {{ ref('int_rate_candidates') }}
    union all
    select
        *,
        false as is_contradicted,
        'whole' as part
    from of_calls
    union all
    select
        * exclude (cut_amount, is_billed),
        'whole' as part
    from of_cut
    where is_billed

),

ranked as (

    select
        candidates.*,
        dense_rank() over (
            partition by candidates.org_id, candidates.group_id, candidates.part
            order by candidates.is_contradicted, reasons.position
        ) = 1 as is_first,
        first(candidates.reason) over (
            partition by candidates.org_id, candidates.group_id, candidates.part
            order by candidates.is_contradicted, reasons.position
        ) as first_reason
    from candidates
    inner join {{ ref('difference_reasons') }} as reasons
        on candidates.reason = reasons.reason

)

-- The one that touches the fewest lines counts, then the first of the list; what else gives
-- the same figure is told.
select
    org_id,
    group_id,
    part,
    min(reason) filter (where is_first) as reason,
    string_agg(distinct assumed, ' or ' order by assumed) filter (where is_first)
        as assumed,
    string_agg(distinct reason, ', ' order by reason) filter (
        where not is_first and reason <> first_reason
    ) as other_reasons
from ranked
group by org_id, group_id, part
