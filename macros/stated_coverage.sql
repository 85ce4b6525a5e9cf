{#
    The intervals that somebody said the landed data is complete for, with who said it: an answer
    of the API or an export that names its period (`query`, `report`), or dataset coverage
    (`declared`). Read by two models, one of which must lie early.
#}
{% macro stated_coverage() -%}
    select
        landed_files.org_id,
        landed_files.dataset,
        landed_files.coverage_basis as basis,
        coalesce(landed_files.covered_from, first_instants.started_at) as covered_from,
        landed_files.covered_to,
        landed_files.source_file
    from {{ ref('stg_landed_files') }} as landed_files
    -- An answer that tells only until when its data was available begins with its rows.
    left join (
        {% for dataset in ['user_presence', 'routing_status', 'message_interactions'] %}
            {{ 'union all' if not loop.first }}
            select
                file_id,
                min(started_at) as started_at
            from {{ ref('stg_' ~ dataset) }}
            where
                row_status <> 'rejected'
                and file_id in (
                    select unbegun.file_id
                    from {{ ref('stg_landed_files') }} as unbegun
                    where
                        unbegun.coverage_basis is not null
                        and unbegun.covered_from is null
                )
            group by file_id
        {% endfor %}
    ) as first_instants
        on landed_files.file_id = first_instants.file_id
    where
        landed_files.coverage_basis is not null
        and landed_files.is_counted
        and coalesce(landed_files.covered_from, first_instants.started_at)
        < landed_files.covered_to
    union all
    select
        org_id,
        covered_dataset as dataset,
        'declared' as basis,
        covered_from,
        covered_to,
        source_file
    from {{ ref('stg_coverage') }}
    where row_status = 'accepted' and covered_from < covered_to
{%- endmacro %}

{#
    Overlapping and touching intervals [covered_from, covered_to) of `relation` as one, by the
    columns of `keys`: two steps of a model, `numbered_intervals` and `merged_intervals`.
#}
{% macro merged_intervals(relation, keys) -%}
    {%- set keys = keys | join(', ') -%}
    numbered_intervals as (

        select
            *,
            count(*) filter (where begins_anew) over (
                partition by {{ keys }}
                order by covered_from asc, covered_to asc, begins_anew desc
                rows unbounded preceding
            ) as interval_number
        from (
            select
                *,
                covered_from > coalesce(max(covered_to) over (
                    partition by {{ keys }} order by covered_from, covered_to
                    rows between unbounded preceding and 1 preceding
                ), '-infinity'::timestamp) as begins_anew
            from {{ relation }}
        ) as compared

    ),

    merged_intervals as (

        select
            {{ keys }},
            min(covered_from) as covered_from,
            max(covered_to) as covered_to,
            list(distinct source_file order by source_file) as source_files
        from numbered_intervals
        group by {{ keys }}, interval_number

    )
{%- endmacro %}
