{# Half-open periods of one `partition_by` key neither overlap nor end before they start. #}
{% test no_overlapping_periods(model, starts, ends, partition_by=[]) %}

with periods as (

    select
        *,
        lead({{ starts }}) over (
            {% if partition_by %}partition by {{ partition_by | join(', ') }}{% endif %}
            order by {{ starts }}
        ) as next_start
    from {{ model }}

)

select *
from periods
where {{ ends }} < {{ starts }} or next_start < {{ ends }}

{% endtest %}
