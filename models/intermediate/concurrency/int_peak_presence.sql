with

pools as (

    {{ concurrency_pools() }}

),

steps as (

    select * from {{ ref('int_concurrency_steps') }}

),

cycles as (

    select * from {{ ref('int_cycles') }}

),

members as (

    {{ pool_members() }}

),

logged_in_periods as (

    select * from {{ ref('int_active_periods_by_cycle') }}
    where feed = 'presence'

),

peaks as (

    select peaks.*
    from {{ ref('int_peaks') }} as peaks
    semi join pools
        on
            peaks.pool = pools.pool
            and (pools.org_id is null or peaks.org_id = pools.org_id)

),

levels as (

    select
        peaks.org_id,
        peaks.cycle_start_date,
        peaks.pool,
        peaks.peak_rule,
        named.reading,
        case named.reading
            when 'highest' then peaks.highest_users
            when 'sustained' then peaks.sustained_users
            when 'accumulated' then peaks.accumulated_users
            when 'accumulated_exact' then peaks.accumulated_exact_users
        end as users_count,
        cycles.peak_minimum_minutes * interval 1 minute as minimum_length
    from peaks
    inner join cycles
        on
            peaks.org_id = cycles.org_id
            and peaks.cycle_start_date = cycles.cycle_start_date
    cross join unnest(
        ['highest', 'sustained', 'accumulated', 'accumulated_exact']
    ) as named (reading)

),

stretches as (

    {{ unbroken_stretches('steps', 'levels') }}

)

select
    stretches.org_id,
    stretches.cycle_start_date,
    stretches.pool,
    stretches.reading,
    struct_pack(
        org_id := stretches.org_id,
        cycle_start_date := stretches.cycle_start_date,
        pool := stretches.pool
    ) as peak,
    levels.users_count,
    levels.reading = levels.peak_rule as is_contract_rule,
    epoch_us(timestamp '1970-01-01' + levels.minimum_length) as minimum_us,
    epoch_us(stretches.started_at) as stretch_from_us,
    epoch_us(stretches.ended_at) as stretch_to_us,
    members.user_id,
    greatest(logged_in_periods.started_at, stretches.started_at) as started_at,
    least(logged_in_periods.ended_at, stretches.ended_at) as ended_at,
    epoch_us(least(logged_in_periods.ended_at, stretches.ended_at))
    - epoch_us(greatest(logged_in_periods.started_at, stretches.started_at)) as on_us
from stretches
inner join levels
    on
        stretches.org_id = levels.org_id
        and stretches.cycle_start_date = levels.cycle_start_date
        and stretches.pool = levels.pool
        and stretches.reading = levels.reading
inner join members
    on
        stretches.org_id = members.org_id
        and stretches.cycle_start_date = members.cycle_start_date
        and stretches.pool = members.pool
inner join logged_in_periods
    on
        members.org_id = logged_in_periods.org_id
        and members.cycle_start_date = logged_in_periods.cycle_start_date
        and members.user_id = logged_in_periods.user_id
        and stretches.started_at < logged_in_periods.ended_at
        and stretches.ended_at > logged_in_periods.started_at
