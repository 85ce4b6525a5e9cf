with

figures as (

    select * from {{ ref('int_groups_priced') }}

),

other_prices as (

    select * from {{ ref('int_other_prices') }}

)

-- Rates of the contract, in force at another time or for another charge, and parts of one.
select
    figures.org_id,
    figures.group_id,
    if(
        figures.kind = 'number'
        and (
            figures.expected_price is null
            or (
                figures.printed_price > figures.expected_price
                and ours.unit_price is null
            )
        ),
        'not_prorated', 'other_contract_rate'
    ) as reason,
    other_prices.assumed
from figures
inner join other_prices
    on
        figures.org_id = other_prices.org_id
        and figures.product_code = other_prices.product_code
        and {{ is_billed_at('other_prices.unit_price') }}
left join other_prices as ours
    on
        figures.org_id = ours.org_id
        and figures.product_code = ours.product_code
        and figures.expected_price = ours.unit_price
where figures.printed_price is distinct from figures.expected_price
union all
-- A number whose days are counted otherwise, or that was held all days.
select distinct
    figures.org_id,
    figures.group_id,
    if(figures.expected_price = other_prices.unit_price, 'prorated', 'other_cycle_cut')
        as reason,
    held.days_count || ' of ' || figures.cycle_days || ' days' as assumed
from figures
inner join other_prices
    on
        figures.org_id = other_prices.org_id
        and figures.product_code = other_prices.product_code
cross join unnest(range(1, figures.cycle_days)) as held (days_count)
where
    figures.kind = 'number'
    and figures.printed_price <> figures.expected_price
    and {{ is_billed_at(divide_half_up(
        'other_prices.unit_price * held.days_count', 'figures.cycle_days'
    )) }}
union all
select
    org_id,
    group_id,
    'other_length' as reason,
    length.cycles || ' cycles at once' as assumed
from figures
cross join unnest(list_distinct([12, printed_cycles])) as length (cycles)
where
    is_fee
    and length.cycles > 1
    and printed_quantity = expected_quantity
    and (
        printed_price = expected_price * length.cycles
        or round(expected_price / length.cycles, 4) = round(printed_price, 4)
    )
union all
select
    org_id,
    group_id,
    'prorated' as reason,
    round(printed_price * month_length.days_count / expected_price)::integer || ' of '
    || month_length.days_count || ' days' as assumed
from figures
cross join unnest([28, 29, 30, 31]) as month_length (days_count)
where
    (is_fee or kind in ('license', 'addon', 'device'))
    and printed_price < expected_price
    and printed_price * power(10, minor_units) % 1 <> 0
    and abs(
        printed_price - expected_price
        * round(printed_price * month_length.days_count / expected_price)
        / month_length.days_count
    ) < 0.0001
union all
-- Prorated in whole cents: by the days of the cycle, and only where that is no round price.
select
    org_id,
    group_id,
    'prorated' as reason,
    used.days_count || ' of ' || cycle_days || ' days' as assumed
from figures
cross join unnest(range(1, cycle_days)) as used (days_count)
where
    (is_fee or kind in ('license', 'addon', 'device'))
    and printed_price < expected_price
    and printed_price * cycle_days <> expected_price * used.days_count
    and (
        printed_price = {{ round_money(
            divide_half_up('expected_price * used.days_count', 'cycle_days'), 'minor_units'
        ) }}
        or (
            is_price_derived
            and printed_compared_amount = {{ line_amount(
                'printed_quantity',
                '(' ~ divide_half_up('expected_price * used.days_count', 'cycle_days') ~ ')',
                'minor_units'
            ) }}
        )
    )
