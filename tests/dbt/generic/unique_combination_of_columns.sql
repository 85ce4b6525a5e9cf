{# No two rows share the values of `columns`; nulls count as equal. Failures show the key and how often. #}
{% test unique_combination_of_columns(model, columns) %}

select
    {{ columns | join(', ') }},
    count(*) as rows_count
from {{ model }}
group by all
having count(*) > 1

{% endtest %}
