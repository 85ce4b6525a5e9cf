with

stated as (

    {{ stated_coverage() }}
    -- These name the billing period that each of their rows is of.
    {% for dataset in ['subscription_overview', 'billing_charges'] %}
        union all
        select distinct
            org_id,
            '{{ dataset }}' as dataset,
            'report' as basis,
            period_start_date::timestamp as covered_from,
            period_end_date::timestamp as covered_to,
            source_file
        from {{ ref('stg_' ~ dataset) }}
        where row_status = 'accepted' and period_start_date < period_end_date
    {% endfor %}

),

{{ merged_intervals('stated', ['org_id', 'dataset', 'basis']) }},

-- The first and the last instant of the accepted rows, also of those outside every contract.
{% set instants = dict(
    datasets(),
    user_presence=('started_at', 'ended_at'),
    routing_status=('started_at', 'ended_at'),
    message_interactions=('started_at', 'ended_at'),
) %}
instants as (

    {% for dataset, interval in instants.items() if interval and interval[0] != 'null' %}
        {{ 'union all' if not loop.first }}
        select
            org_id,
            '{{ dataset }}' as dataset,
            min({{ interval[0] }})::timestamp as first_instant_at,
            max(greatest({{ interval[0] }}, {{ interval[1] }}))::timestamp
                as last_instant_at,
            list_sort(list_distinct(list(source_file))) as source_files
        from {{ ref('stg_' ~ dataset) }}
        where row_status = 'accepted'
        group by org_id
    {% endfor %}

),

-- What is said of a dataset counts, else what can be seen of it.
observed as (

    select
        instants.org_id,
        instants.dataset,
        'observed' as basis,
        instants.first_instant_at as covered_from,
        instants.last_instant_at::date + interval 1 day as covered_to,
        instants.source_files
    from instants
    anti join merged_intervals as stated
        on
            instants.org_id = stated.org_id
            and instants.dataset = stated.dataset
    where instants.first_instant_at is not null

),

coverage as (

    select * from merged_intervals
    union all by name
    select * from observed

)

select
    coverage.org_id,
    coverage.dataset,
    coverage.basis,
    coverage.covered_from,
    coverage.covered_to,
    coverage.source_files,
    instants.last_instant_at
from coverage
left join instants
    on
        coverage.org_id = instants.org_id
        and coverage.dataset = instants.dataset
