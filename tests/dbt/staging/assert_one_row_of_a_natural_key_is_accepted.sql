-- Of every dataset, by the natural key that _sources.yml declares; of those that a file
-- replaces as a whole, the rows of one landing.
{% for dataset in datasets() %}
    {% set is_replaced = replaced_by_file(dataset) %}
    {% set counted = 'count(distinct landed_at)' if is_replaced else 'count(*)' %}
    select
        '{{ dataset }}' as dataset,
        org_id,
        row({{ natural_key(dataset) | join(', ') }})::varchar as natural_key,
        {{ counted }} as rows_accepted
    from {{ ref('stg_' ~ dataset) }}
    where row_status = 'accepted'
    group by org_id, {{ natural_key(dataset) | join(', ') }}
    having {{ counted }} > 1
    {{ 'union all' if not loop.last }}
{% endfor %}
