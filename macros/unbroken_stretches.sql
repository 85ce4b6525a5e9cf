{#
    The unbroken stretches of `steps` (those of int_concurrency_steps) that count for a reading of
    the peak: `levels` has by organization, cycle, pool and `reading` the `users_count`, and by cycle
    the `minimum_length` that a sustained stretch has at least.
#}
{% macro unbroken_stretches(steps, levels) -%}
    select
        org_id,
        cycle_start_date,
        pool,
        reading,
        stretch_number,
        min(started_at) as started_at,
        max(ended_at) as ended_at
    from (
        select
            *,
            count(*) filter (where begins_stretch) over (
                partition by org_id, cycle_start_date, pool, reading
                order by started_at
                rows unbounded preceding
            ) as stretch_number
        from (
            select
                steps.org_id,
                steps.cycle_start_date,
                steps.pool,
                steps.started_at,
                steps.ended_at,
                levels.reading,
                levels.minimum_length,
                coalesce(lag(steps.ended_at) over (
                    partition by
                        steps.org_id, steps.cycle_start_date, steps.pool, levels.reading
                    order by steps.started_at
                ) <> steps.started_at, true) as begins_stretch
            from {{ steps }} as steps
            inner join {{ levels }} as levels
                on
                    steps.org_id = levels.org_id
                    and steps.cycle_start_date = levels.cycle_start_date
                    and steps.pool = levels.pool
                    and steps.users_count >= levels.users_count
                    and (
                        steps.users_count = levels.users_count
                        or levels.reading <> 'accumulated_exact'
                    )
            where levels.users_count > 0
        )
    )
    group by org_id, cycle_start_date, pool, reading, stretch_number
    having
        reading <> 'sustained' or max(ended_at) - min(started_at) >= max(minimum_length)
{%- endmacro %}
