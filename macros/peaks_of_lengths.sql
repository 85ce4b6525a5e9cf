{#
    The 30-minute rule for any lengths (CONC-02, CONC-05, CONC-06): `steps` are those of
    int_concurrency_steps, `lengths` has `minimum_minutes` by organization and cycle. One row per
    pool and length.
#}
{% macro sustained_users(steps, lengths) -%}
    -- An unbroken stretch can always be taken to begin where a step begins; the fewest users
    -- of the minimum's length from there on is what that stretch sustains (CONC-02).
    select
        org_id,
        cycle_start_date,
        pool,
        minimum_minutes,
        max(users_count) as highest_users,
        coalesce(max(sustained_users) filter (
            where started_us + minimum_us <= pool_ended_us
        ), 0) as sustained_users
    from (
        select
            *,
            min(users_count) over (
                partition by org_id, cycle_start_date, pool, minimum_minutes
                order by started_us
                range between current row and reach_us following
            ) as sustained_users
        from (
            select
                steps.org_id,
                steps.cycle_start_date,
                steps.pool,
                epoch_us(steps.started_at) as started_us,
                steps.users_count,
                lengths.minimum_minutes,
                lengths.minimum_minutes::bigint * 60000000 as minimum_us,
                lengths.minimum_minutes::bigint * 60000000 - 1 as reach_us,
                max(epoch_us(steps.ended_at)) over (
                    partition by steps.org_id, steps.cycle_start_date, steps.pool
                ) as pool_ended_us
            from {{ steps }} as steps
            inner join {{ lengths }} as lengths
                on
                    steps.org_id = lengths.org_id
                    and steps.cycle_start_date = lengths.cycle_start_date
        )
    )
    group by org_id, cycle_start_date, pool, minimum_minutes
{%- endmacro %}

{% macro accumulated_users(steps, lengths) -%}
    -- How long exactly N users were logged in, whenever that was (CONC-05, step 3), and how
    -- long at least N.
    select
        at_levels.org_id,
        at_levels.cycle_start_date,
        at_levels.pool,
        lengths.minimum_minutes,
        coalesce(max(at_levels.users_count) filter (
            where at_levels.at_least_us >= lengths.minimum_minutes::bigint * 60000000
        ), 0) as accumulated_users,
        coalesce(max(at_levels.users_count) filter (
            where at_levels.exact_us >= lengths.minimum_minutes::bigint * 60000000
        ), 0) as accumulated_exact_users
    from (
        select
            org_id,
            cycle_start_date,
            pool,
            users_count,
            sum(epoch_us(ended_at) - epoch_us(started_at))::bigint as exact_us,
            sum(exact_us) over (
                partition by org_id, cycle_start_date, pool
                order by users_count desc
                rows unbounded preceding
            )::bigint as at_least_us
        from {{ steps }}
        where users_count > 0
        group by org_id, cycle_start_date, pool, users_count
    ) as at_levels
    inner join {{ lengths }} as lengths
        on
            at_levels.org_id = lengths.org_id
            and at_levels.cycle_start_date = lengths.cycle_start_date
    group by
        at_levels.org_id,
        at_levels.cycle_start_date,
        at_levels.pool,
        lengths.minimum_minutes
{%- endmacro %}
