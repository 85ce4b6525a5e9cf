{#
    Where a row without an end, begun at `started_at`, ends because the data does: with the
    interval that holds its start if a gap follows, else with all of it. `reach` is a row of
    int_data_reach, which does not see what begins at as-of or later: that has no length.
#}
{% macro end_of_data(started_at, reach) -%}
    greatest(
        {{ started_at }},
        coalesce(
            list_filter(
                {{ reach }}.intervals_before_a_gap,
                lambda covered: covered.covered_from <= {{ started_at }}
                and covered.covered_to > {{ started_at }}
            )[1].covered_to,
            {{ reach }}.reaches_to
        )
    )
{%- endmacro %}
