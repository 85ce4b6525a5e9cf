with

-- Of an exact number fewer users can make more as well as less: nothing is said of it.
presence as (

    select * from {{ ref('int_peak_presence') }}
    where is_contract_rule and reading in ('sustained', 'accumulated')

),

-- What has to go: each stretch of a sustained peak, of an accumulated one so much of its
-- time that less than the minimum is left.
needs as (

    select
        peak,
        if(
            reading = 'sustained',
            count(distinct stretch_from_us),
            list_sum(list_transform(
                list(distinct [stretch_from_us, stretch_to_us]),
                lambda stretch: stretch[2] - stretch[1]
            )) - max(minimum_us) + 1
        ) as needed
    from presence
    group by peak, reading

),

-- Where one user less is one too few.
bare_steps as (

    select
        presence.peak,
        presence.reading,
        presence.user_id,
        presence.stretch_from_us,
        presence.minimum_us,
        presence.stretch_to_us,
        epoch_us(steps.started_at) as from_us,
        epoch_us(steps.ended_at) as to_us,
        from_us - lag(to_us, 1, presence.stretch_from_us) over (
            partition by presence.peak, presence.stretch_from_us, presence.user_id
            order by steps.started_at
        ) as gap_us
    from presence
    inner join {{ ref('int_concurrency_steps') }} as steps
        on
            presence.org_id = steps.org_id
            and presence.cycle_start_date = steps.cycle_start_date
            and presence.pool = steps.pool
            and presence.users_count = steps.users_count
            and presence.started_at <= steps.started_at
            and presence.ended_at >= steps.ended_at

),

-- What each user takes away alone: a stretch of which no piece that is left is long enough,
-- or the time of a step.
taken as (

    select
        peak,
        user_id,
        if(reading = 'sustained', stretch_from_us, from_us) as part,
        if(reading = 'sustained', 1, sum(to_us - from_us)) as weight
    from bare_steps
    group by peak, reading, user_id, part
    having
        reading = 'accumulated'
        or greatest(max(gap_us), max(stretch_to_us) - max(to_us)) < max(minimum_us)

),

taken_by_users as (

    select
        *,
        sum(weight) over (partition by peak, user_id) as taken_by_user
    from taken

),

-- Each part goes with the user who takes the most of all: together they take enough.
chosen as (

    select *
    from taken_by_users
    qualify
        row_number() over (
            partition by peak, part
            order by taken_by_user desc, user_id asc
        ) = 1

),

-- A user takes at most what the own logins cover: fewer users are not enough.
shares as (

    select
        peak,
        user_id,
        true as is_taken,
        sum(weight) as weight
    from chosen
    group by peak, user_id
    union all
    select
        peak,
        user_id,
        false as is_taken,
        if(reading = 'sustained', count(distinct stretch_from_us), sum(on_us)) as weight
    from presence
    group by peak, user_id, reading

),

ranked as (

    select
        *,
        row_number() over greatest_first as users_count,
        sum(weight) over greatest_first as weight_so_far
    from shares
    window
        greatest_first as (
            partition by peak, is_taken
            order by weight desc, user_id asc
            rows unbounded preceding
        )

)

-- If one is not enough, two are needed.
select
    ranked.peak,
    min(ranked.users_count) filter (where ranked.is_taken)::integer as at_most,
    if(
        at_most = 1,
        1,
        greatest(min(ranked.users_count) filter (where not ranked.is_taken), 2)
    )::integer as at_least
from ranked
inner join needs
    on
        ranked.peak = needs.peak
        and ranked.weight_so_far >= needs.needed
group by ranked.peak
