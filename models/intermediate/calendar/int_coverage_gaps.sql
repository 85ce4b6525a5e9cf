with

-- An answer without rows says that there were none.
covered as (

    select *
    from {{ ref('int_coverage') }}
    where
        (last_row_at is not null or basis in ('query', 'report'))
        and (
            dataset = 'user_presence'
            or (
                basis <> 'observed'
                and dataset in (
                    'routing_status',
                    'message_interactions',
                    'resource_usage',
                    'voice_usage'
                )
            )
        )

),

-- What one basis does not cover another may; before the first interval nothing is.
uncovered as (

    select
        org_id,
        dataset,
        coalesce(
            max(covered_to) over (
                partition by org_id, dataset
                order by covered_from, covered_to
                rows between unbounded preceding and 1 preceding
            ),
            '-infinity'::timestamp
        ) as uncovered_from,
        covered_from as uncovered_to,
        basis
    from covered

),

cycles as (

    select
        org_id,
        'core' as clock,
        cycle_start_at,
        usage_through_at,
        min(cycle_start_at) over (partition by org_id) as first_cycle_at
    from {{ ref('int_cycles') }}
    union all
    select
        org_id,
        'voice' as clock,
        voice_start_at as cycle_start_at,
        voice_usage_through_at as usage_through_at,
        min(voice_start_at) over (partition by org_id) as first_cycle_at
    from {{ ref('int_cycles') }}

),

-- Where nobody said when the data begins, its first row does: that is a gap if a whole
-- cycle lies before it.
gaps as (

    select
        uncovered.org_id,
        uncovered.dataset,
        uncovered.uncovered_from <= min(cycles.first_cycle_at) as is_before_all,
        min(greatest(uncovered.uncovered_from, cycles.cycle_start_at)) as gap_from,
        max(least(uncovered.uncovered_to, cycles.usage_through_at)) as gap_to,
        uncovered.uncovered_to
    from uncovered
    inner join cycles
        on
            uncovered.org_id = cycles.org_id
            and if(uncovered.dataset = 'voice_usage', 'voice', 'core') = cycles.clock
            and uncovered.uncovered_from < cycles.usage_through_at
            and if(
                isinf(uncovered.uncovered_from)
                and uncovered.basis in ('query', 'observed'),
                uncovered.uncovered_to >= cycles.usage_through_at,
                uncovered.uncovered_to > cycles.cycle_start_at
            )
    where uncovered.uncovered_from < uncovered.uncovered_to
    group by
        uncovered.org_id,
        uncovered.dataset,
        uncovered.uncovered_from,
        uncovered.uncovered_to

)

select
    org_id,
    dataset,
    is_before_all,
    gap_from,
    if(is_before_all, uncovered_to, gap_to) as gap_to
from gaps
