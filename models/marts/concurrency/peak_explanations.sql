with

pools as (

    {{ concurrency_pools() }}

),

presence as (

    select * from {{ ref('int_peak_presence') }}

),

readings as (

    unpivot (
        select
            peaks.org_id,
            peaks.cycle_start_date,
            peaks.pool,
            peaks.peak_rule,
            peaks.highest_users as highest,
            peaks.sustained_users as sustained,
            peaks.accumulated_users as accumulated,
            peaks.accumulated_exact_users as accumulated_exact
        from {{ ref('int_peaks') }} as peaks
        semi join pools
            on
                peaks.pool = pools.pool
                and (pools.org_id is null or peaks.org_id = pools.org_id)
    )
    on highest, sustained, accumulated, accumulated_exact
    into name reading value users_count

),

stretches as (

    select distinct
        org_id,
        cycle_start_date,
        pool,
        reading,
        stretch_from_us,
        stretch_to_us
    from presence

),

counted as (

    select
        org_id,
        cycle_start_date,
        pool,
        reading,
        count(*)::integer as stretches_count,
        make_timestamp(min(stretch_from_us)) as started_at,
        make_timestamp(min_by(stretch_to_us, stretch_from_us)) as ended_at,
        make_timestamp(max(stretch_to_us)) as last_ended_at,
        sum(stretch_to_us - stretch_from_us) as counted_us
    from stretches
    group by org_id, cycle_start_date, pool, reading

),

users_on as (

    select
        org_id,
        cycle_start_date,
        pool,
        reading,
        user_id,
        sum(on_us) as on_us
    from presence
    group by org_id, cycle_start_date, pool, reading, user_id

),

lists as (

    select
        org_id,
        cycle_start_date,
        pool,
        reading,
        count(*)::integer as users_on_count,
        list(user_id order by on_us desc, user_id asc) as user_ids
    from users_on
    group by org_id, cycle_start_date, pool, reading

),

fewer as (

    select
        (peak).org_id as org_id,
        (peak).cycle_start_date as cycle_start_date,
        (peak).pool as pool,
        at_least,
        at_most
    from {{ ref('int_fewer_users') }}

)

select
    readings.org_id,
    readings.cycle_start_date,
    readings.pool,
    readings.reading,
    readings.users_count,
    readings.reading = readings.peak_rule as is_contract_rule,
    coalesce(counted.stretches_count, 0) as stretches_count,
    counted.started_at,
    counted.ended_at,
    counted.last_ended_at,
    {{ divide_half_up('coalesce(counted.counted_us, 0) * 0.000001', '60') }}
        as counted_minutes,
    coalesce(lists.users_on_count, 0) as users_on_count,
    coalesce(
        list_transform(
            lists.user_ids,
            lambda user_id: {{ masked_id('user_id', 'readings.org_id') }}
        ),
        []::varchar[]
    ) as user_ids,
    fewer.at_least as fewer_users_at_least,
    -- Without all but one less than the peak there is one too few at any rate.
    if(
        fewer.at_least is not null,
        least(fewer.at_most, lists.users_on_count - readings.users_count + 1),
        null
    ) as fewer_users_at_most
from readings
left join counted
    on
        readings.org_id = counted.org_id
        and readings.cycle_start_date = counted.cycle_start_date
        and readings.pool = counted.pool
        and readings.reading = counted.reading
left join lists
    on
        readings.org_id = lists.org_id
        and readings.cycle_start_date = lists.cycle_start_date
        and readings.pool = lists.pool
        and readings.reading = lists.reading
left join fewer
    on
        readings.org_id = fewer.org_id
        and readings.cycle_start_date = fewer.cycle_start_date
        and readings.pool = fewer.pool
        and readings.reading = readings.peak_rule
