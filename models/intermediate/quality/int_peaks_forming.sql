with

limits as (

    select max(level) as minutes_before
    from {{ ref('alert_limits') }}
    where alert = 'peak_forming'

),

steps as (

    select * from {{ ref('int_concurrency_steps') }}

),

-- What is billed by its peak and committed to, in the cycle in which the data end; where
-- as-of cuts them something may follow. Paid for is the commitment, or the peak that counts
-- already.
watched as (

    select
        peaks.org_id,
        peaks.cycle_start_date,
        peaks.pool,
        peaks.peak_rule,
        cycles.peak_minimum_minutes,
        cycles.peak_minimum_minutes * interval 1 minute as minimum_length,
        split.committed_quantity,
        greatest(split.committed_quantity, peaks.billable_users) as paid_users,
        reach.ends_at as data_end_at,
        cycles.cycle_end_at,
        limits.minutes_before,
        -- A stretch has to go on, to the end of the cycle at the latest; what was
        -- accumulated stays.
        if(
            peaks.peak_rule = 'sustained',
            least(
                reach.ends_at + limits.minutes_before * interval 1 minute,
                cycles.cycle_end_at
            ),
            reach.ends_at
        ) as projected_to_at
    from {{ ref('concurrency_peaks') }} as peaks
    inner join {{ ref('int_usage_split') }} as split
        on
            peaks.org_id = split.org_id
            and peaks.cycle_start_date = split.cycle_start_date
            and peaks.pool = split.product_code
    inner join {{ ref('int_cycles') }} as cycles
        on
            peaks.org_id = cycles.org_id
            and peaks.cycle_start_date = cycles.cycle_start_date
    inner join {{ ref('int_data_reach') }} as reach
        on
            peaks.org_id = reach.org_id
            and reach.dataset = 'user_presence'
            and reach.begun_before = 'infinity'
    cross join limits
    where
        peaks.is_billed_by_peak
        and split.committed_quantity > 0
        and peaks.highest_users > paid_users
        and cycles.cycle_start_at < reach.ends_at
        and cycles.usage_through_at > reach.ends_at

),

-- Who is still on where the data end: nothing says that they went.
still_on as (

    select
        watched.org_id,
        watched.cycle_start_date,
        watched.pool,
        count(distinct states.user_id)::integer as users_count
    from watched
    inner join {{ ref('int_billed_users') }} as members
        on
            watched.org_id = members.org_id
            and watched.cycle_start_date = members.cycle_start_date
            and watched.pool = members.product_code
    inner join {{ ref('int_user_states') }} as states
        on
            members.org_id = states.org_id
            and members.user_id = states.user_id
            and watched.data_end_at = states.ended_at
            and states.is_open
    where states.feed = 'presence' and states.is_active
    group by watched.org_id, watched.cycle_start_date, watched.pool

),

above as (

    select
        watched.*,
        coalesce(still_on.users_count, 0) as users_count
    from watched
    left join still_on
        on
            watched.org_id = still_on.org_id
            and watched.cycle_start_date = still_on.cycle_start_date
            and watched.pool = still_on.pool
    where
        watched.peak_rule <> 'sustained'
        or still_on.users_count > watched.paid_users

),

-- As if whoever is on stayed.
projected as (

    select steps.*
    from steps
    semi join above
        on
            steps.org_id = above.org_id
            and steps.cycle_start_date = above.cycle_start_date
            and steps.pool = above.pool
    union all by name
    select
        org_id,
        cycle_start_date,
        pool,
        data_end_at as started_at,
        projected_to_at as ended_at,
        users_count
    from above
    where projected_to_at > data_end_at

),

-- A stretch that is not long enough yet began no earlier than that.
projected_end as (

    select projected.*
    from projected
    inner join above
        on
            projected.org_id = above.org_id
            and projected.cycle_start_date = above.cycle_start_date
            and projected.pool = above.pool
            and projected.ended_at > above.data_end_at - above.minimum_length

),

-- What still holds, as if they stayed, for minutes more than the rule asks counts those
-- minutes earlier; what has been accumulated for minutes less counts after those minutes.
lengths as (

    select distinct
        org_id,
        cycle_start_date,
        unnest(generate_series(
            if(
                peak_rule = 'sustained',
                peak_minimum_minutes,
                greatest(peak_minimum_minutes - minutes_before, 1)
            ),
            peak_minimum_minutes + if(peak_rule = 'sustained', minutes_before, 0)
        ))::integer as minimum_minutes
    from above

),

sustained as (

    {{ sustained_users('projected_end', 'lengths') }}

),

accumulated as (

    {{ accumulated_users('projected', 'lengths') }}

),

peaks_to_come as (

    select
        above.*,
        lengths.minimum_minutes,
        case above.peak_rule
            when 'sustained' then sustained.sustained_users
            when 'accumulated' then accumulated.accumulated_users
            when 'accumulated_exact' then accumulated.accumulated_exact_users
        end as peak_users
    from above
    inner join lengths
        on
            above.org_id = lengths.org_id
            and above.cycle_start_date = lengths.cycle_start_date
    left join sustained
        on
            above.org_id = sustained.org_id
            and above.cycle_start_date = sustained.cycle_start_date
            and above.pool = sustained.pool
            and lengths.minimum_minutes = sustained.minimum_minutes
    left join accumulated
        on
            above.org_id = accumulated.org_id
            and above.cycle_start_date = accumulated.cycle_start_date
            and above.pool = accumulated.pool
            and lengths.minimum_minutes = accumulated.minimum_minutes

),

forming as (

    select
        *,
        projected_to_at
        - (longest_minutes - peak_minimum_minutes) * interval 1 minute as counts_at
    from (
        select
            * exclude (minimum_minutes, peak_users),
            max(peak_users) as peak_users,
            max(minimum_minutes) as longest_minutes
        from peaks_to_come
        where peak_users > paid_users
        group by all
    ) as longest
    where counts_at < cycle_end_at + interval 1 minute

),

-- What was paid for before any of this could count, so that a peak that grows while it
-- counts is the same one.
steps_before as (

    select
        steps.* replace (
            least(steps.ended_at, forming.data_end_at - forming.minimum_length) as ended_at
        )
    from steps
    inner join forming
        on
            steps.org_id = forming.org_id
            and steps.cycle_start_date = forming.cycle_start_date
            and steps.pool = forming.pool
            and steps.started_at < forming.data_end_at - forming.minimum_length

),

minimum_lengths as (

    select distinct
        org_id,
        cycle_start_date,
        peak_minimum_minutes as minimum_minutes
    from forming

),

sustained_before as (

    {{ sustained_users('steps_before', 'minimum_lengths') }}

),

accumulated_before as (

    {{ accumulated_users('steps_before', 'minimum_lengths') }}

),

-- A stretch of the reading `highest` is as long as it is.
levels as (

    select
        forming.org_id,
        forming.cycle_start_date,
        forming.pool,
        'highest' as reading,
        floor(greatest(
            forming.committed_quantity,
            case forming.peak_rule
                when 'sustained' then sustained.sustained_users
                when 'accumulated' then accumulated.accumulated_users
                when 'accumulated_exact' then accumulated.accumulated_exact_users
            end
        ))::integer + 1 as users_count,
        forming.minimum_length
    from forming
    left join sustained_before as sustained
        on
            forming.org_id = sustained.org_id
            and forming.cycle_start_date = sustained.cycle_start_date
            and forming.pool = sustained.pool
    left join accumulated_before as accumulated
        on
            forming.org_id = accumulated.org_id
            and forming.cycle_start_date = accumulated.cycle_start_date
            and forming.pool = accumulated.pool

),

stretches as (

    {{ unbroken_stretches('projected', 'levels') }}

)

select
    forming.org_id,
    forming.cycle_start_date,
    forming.pool as product_code,
    forming.peak_rule,
    forming.committed_quantity,
    forming.paid_users,
    forming.users_count,
    forming.peak_users,
    forming.minutes_before,
    forming.data_end_at,
    min(stretches.started_at) as started_at,
    forming.counts_at
from forming
inner join stretches
    on
        forming.org_id = stretches.org_id
        and forming.cycle_start_date = stretches.cycle_start_date
        and forming.pool = stretches.pool
        and (
            forming.peak_rule <> 'sustained'
            or forming.projected_to_at = stretches.ended_at
        )
group by all
