-- The datasets whose rows can be open.
{% set open_datasets = ['user_presence', 'routing_status', 'message_interactions'] %}
with

stated as (

    {{ stated_coverage() }}

),

{{ merged_intervals('stated', ['org_id', 'dataset']) }},

stated_by_dataset as (

    select
        org_id,
        dataset,
        max(covered_to) as covered_to,
        list(
            {'covered_from': covered_from, 'covered_to': covered_to}
            order by covered_from
        )[:-2] as intervals_before_a_gap
    from merged_intervals
    group by org_id, dataset

),

last_instants as (

    {% for dataset in open_datasets %}
        select
            org_id,
            '{{ dataset }}' as dataset,
            max(greatest(started_at, ended_at)) as last_instant_at
        from {{ ref('stg_' ~ dataset) }}
        where row_status = 'accepted'
        group by org_id
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
                stated_by_dataset.covered_to,
                last_instants.last_instant_at::date + interval 1 day
            ),
            last_instants.last_instant_at
        ) as reaches_to,
        stated_by_dataset.intervals_before_a_gap
    from last_instants
    left join stated_by_dataset
        on
            last_instants.org_id = stated_by_dataset.org_id
            and last_instants.dataset = stated_by_dataset.dataset

)

select * from reach
