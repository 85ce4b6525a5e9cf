with

usage_days as (

    select * from {{ ref('int_resource_days') }}

),

cycles as (

    select
        *,
        lag(cycle_start_date) over (
            partition by org_id order by cycle_start_date
        ) as earlier_start_date
    from {{ ref('int_cycles') }}

),

products as (

    select * from {{ ref('products') }}

),

-- Neighbouring cuts of a cycle that a vendor may take instead. In the month in which a
-- contract starts, usage before it may count or not.
cuts as (

    select
        cycles.org_id,
        cycles.cycle_start_date,
        cycles.storage_month_value,
        named.cut,
        case named.cut
            when 'the calendar month' then date_trunc('month', cycles.cycle_start_date)
            when 'the next calendar month'
                then date_trunc('month', cycles.cycle_start_date) + interval 1 month
            when 'a day early' then cycles.cycle_start_date - 1
            when 'a day late' then cycles.cycle_start_date + 1
            when 'the cycle before' then cycles.earlier_start_date
            else cycles.cycle_start_date
        end::date as cut_from,
        case named.cut
            when 'the calendar month'
                then date_trunc('month', cycles.cycle_start_date) + interval 1 month
            when 'the calendar month from the start of the contract'
                then date_trunc('month', cycles.cycle_start_date) + interval 1 month
            when 'the next calendar month'
                then date_trunc('month', cycles.cycle_start_date) + interval 2 month
            when 'a day early' then cycles.cycle_end_date - 1
            when 'the last day twice' then cycles.cycle_end_date + 1
            when 'a day late' then cycles.cycle_end_date + 1
            when 'the cycle before' then cycles.cycle_start_date
        end::date as cut_to
    from cycles
    cross join
        unnest([
            'the calendar month', 'the next calendar month', 'a day early', 'a day late',
            'the last day twice', 'the cycle before',
            'the calendar month from the start of the contract'
        ]) as named (cut)
    where
        cycles.is_closed
        and (
            named.cut <> 'the calendar month from the start of the contract'
            or (cycles.earlier_start_date is null and day(cycles.cycle_start_date) > 1)
        )

)

select
    cuts.org_id,
    cuts.cycle_start_date,
    usage_days.product_code,
    cuts.cut,
    {{ cycle_quantity(
        'usage_days.quantity',
        'usage_days.usage_date',
        'products.cycle_value',
        'cuts.storage_month_value'
    ) }} as cut_quantity
from cuts
inner join usage_days
    on
        cuts.org_id = usage_days.org_id
        and cuts.cut_from <= usage_days.usage_date
        and cuts.cut_to > usage_days.usage_date
left join products
    on usage_days.product_code = products.product_code
group by
    cuts.org_id,
    cuts.cycle_start_date,
    usage_days.product_code,
    cuts.cut,
    products.cycle_value,
    cuts.storage_month_value
