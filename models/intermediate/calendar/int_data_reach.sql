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

stated_by_dataset as (

    select
        org_id,
        dataset,
        max(covered_to) as covered_to,
        list(
            struct_pack(covered_from := covered_from, covered_to := covered_to)
            order by covered_from
        )[:-2] as intervals_before_a_gap
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
