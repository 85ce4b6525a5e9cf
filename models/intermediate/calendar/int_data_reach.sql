-- The datasets whose rows can be open.
{% set open_datasets = ['user_presence', 'routing_status', 'message_interactions'] %}
with

build as (

    select * from {{ ref('int_as_of') }}

),

stated as (

    {{ stated_coverage() }}

),

{{ merged_intervals('stated', ['org_id', 'dataset']) }},

stated_ends as (

    select
        org_id,
        dataset,
        max(covered_to) as covered_to
    from merged_intervals
    group by org_id, dataset

),

-- What begins at or after as-of is not seen.
last_instants as (

    {% for dataset in open_datasets %}
        select
            rows_read.org_id,
            '{{ dataset }}' as dataset,
            max(greatest(rows_read.started_at, rows_read.ended_at)) as last_instant_at
        from {{ ref('stg_' ~ dataset) }} as rows_read
        cross join build
        where
            rows_read.row_status = 'accepted'
            and rows_read.started_at < build.as_of_at
        group by rows_read.org_id
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- What is said of a dataset counts, else that its rows are all there are until the end of
-- their last day; no row is later than the data.
reach as (

    select
        last_instants.org_id,
        last_instants.dataset,
        greatest(
            coalesce(
                stated_ends.covered_to,
                last_instants.last_instant_at::date + interval 1 day
            ),
            last_instants.last_instant_at
        ) as ends_at
    from last_instants
    left join stated_ends
        on
            last_instants.org_id = stated_ends.org_id
            and last_instants.dataset = stated_ends.dataset

),

-- All but the last: a gap follows.
before_a_gap as (

    select *
    from merged_intervals
    qualify
        covered_from < max(covered_from) over (partition by org_id, dataset)

),

-- What begins in one of them ends with it, all else with the data.
changes as (

    select
        org_id,
        dataset,
        '-infinity'::timestamp as begun_from,
        ends_at
    from reach
    union all
    select
        reach.org_id,
        reach.dataset,
        unnest([before_a_gap.covered_from, before_a_gap.covered_to]) as begun_from,
        unnest([before_a_gap.covered_to, reach.ends_at]) as ends_at
    from reach
    inner join before_a_gap
        on
            reach.org_id = before_a_gap.org_id
            and reach.dataset = before_a_gap.dataset

)

select
    org_id,
    dataset,
    begun_from,
    lead(begun_from, 1, 'infinity'::timestamp) over (
        partition by org_id, dataset order by begun_from
    ) as begun_before,
    ends_at
from changes
