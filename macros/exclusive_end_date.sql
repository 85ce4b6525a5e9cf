{#
    The first day after a period. The vendor ends periods at 23:59:59 or 23:59:59.999 of
    their last day (CYC-03); a plain date is exclusive already.
#}
{% macro exclusive_end_date(column) -%}
    ({{ utc_timestamp(column) }} + interval 1 second)::date
{%- endmacro %}
