{#
    The first day after a period. The vendor ends periods at 23:59:59 or 23:59:59.999 of
    their last day, which some of its texts write 11:59:59 (CYC-03); a plain date is
    exclusive already.
#}
{% macro exclusive_end_date(column) -%}
    (
        {{ utc_timestamp("regexp_replace(" ~ column ~ ", '[Tt ]11:59:59', 'T23:59:59')") }}
        + interval 1 second
    )::date
{%- endmacro %}
