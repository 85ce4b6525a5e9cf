with

build as (

    select * from {{ ref('int_as_of') }}

),

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

-- What the accepted rows span, also those outside every contract, as far as as-of lets them
-- be seen. A call is of the cycle it starts in, and lasts.
{% set instants = dict(
    datasets(),
    user_presence=('started_at', 'ended_at'),
    routing_status=('started_at', 'ended_at'),
    message_interactions=('started_at', 'ended_at'),
    voice_usage=(
        'started_at', 'started_at + to_microseconds((duration_seconds * 1000000)::bigint)'
    ),
) %}
instants as (

    {% for dataset, interval in instants.items() if interval and interval[0] != 'null' %}
        {{ 'union all' if not loop.first }}
        select
            rows_read.org_id,
            '{{ dataset }}' as dataset,
            min({{ interval[0] }})::timestamp as first_instant_at,
            least(
                max(greatest({{ interval[0] }}, {{ interval[1] }}))::timestamp,
                any_value(build.as_of_at)
            ) as last_instant_at,
            max({{ interval[0] }})::timestamp as last_start_at,
            any_value(build.as_of_at) as as_of_at,
            list(
                distinct rows_read.source_file order by rows_read.source_file
            ) as source_files
        from {{ ref('stg_' ~ dataset) }} as rows_read
        cross join build
        where
            rows_read.row_status = 'accepted'
            and {{ interval[0] }} < build.as_of_at
        group by rows_read.org_id
    {% endfor %}

),

-- What is said of a dataset counts, else what can be seen of it.
observed as (

    select
        instants.org_id,
        instants.dataset,
        'observed' as basis,
        instants.first_instant_at as covered_from,
        least(
            instants.last_instant_at::date + interval 1 day, instants.as_of_at
        ) as covered_to,
        instants.source_files
    from instants
    anti join merged_intervals as stated
        on
            instants.org_id = stated.org_id
            and instants.dataset = stated.dataset

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
    if(
        coverage.dataset = 'voice_usage', instants.last_start_at, instants.last_instant_at
    ) as last_row_at
from coverage
left join instants
    on
        coverage.org_id = instants.org_id
        and coverage.dataset = instants.dataset
