{#
    The intervals that somebody said the landed data is complete for, with who said it: an answer
    of the API or an export that names its period (`query`, `report`), or dataset coverage
    (`declared`). Read by two models, one of which must lie early.
#}
{% macro stated_coverage() -%}
    select
        org_id,
        dataset,
        coverage_basis as basis,
        covered_from,
        covered_to,
        source_file
    from {{ ref('stg_landed_files') }}
    where
        coverage_basis is not null
        and covered_from < covered_to
        and withdrawn_at is null
    union all
    select
        org_id,
        covered_dataset as dataset,
        'declared' as basis,
        covered_from,
        covered_to,
        source_file
    from {{ ref('stg_coverage') }}
    where row_status = 'accepted'
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
                partition by {{ keys }} order by covered_from, covered_to
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
            list_sort(list_distinct(list(source_file))) as source_files
        from numbered_intervals
        group by {{ keys }}, interval_number

    )
{%- endmacro %}
