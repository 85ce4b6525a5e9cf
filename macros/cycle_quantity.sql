{#
    The quantity of a cycle from those of its days: their sum, or of stored data (`max` as the
    product's cycle_value), by the policy of the cycle, the highest day, the average of the days
    there are, or the last one (FU-09). An aggregate: group by product, cycle and both columns.
#}
{% macro cycle_quantity(quantity, day, cycle_value, storage_month_value) -%}
    case
        when coalesce({{ cycle_value }}, 'sum') <> 'max'
            then sum({{ quantity }})::decimal(38, 6)
        when {{ storage_month_value }} = 'average'
            then {{ divide_half_up('sum(' ~ quantity ~ ')', 'count(*)') }}
        when {{ storage_month_value }} = 'last'
            then max_by({{ quantity }}, {{ day }})::decimal(38, 6)
        else max({{ quantity }})::decimal(38, 6)
    end
{%- endmacro %}

{# The days that quantity is of, each with its own: all, or the one that counts (the first highest). #}
{% macro cycle_days(quantity, day, cycle_value, storage_month_value) -%}
    {%- set used = "{'usage_date': " ~ day ~ ", 'quantity': " ~ quantity ~ "}" -%}
    case
        when
            coalesce({{ cycle_value }}, 'sum') <> 'max'
            or {{ storage_month_value }} = 'average'
            then list({{ used }} order by {{ day }})
        when {{ storage_month_value }} = 'last' then [max_by({{ used }}, {{ day }})]
        else [first({{ used }} order by {{ quantity }} desc, {{ day }} asc)]
    end
{%- endmacro %}
