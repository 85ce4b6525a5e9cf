{#
    The pools whose peak is shown: CX licenses, add-ons, and cx_all of every CX user (CONC-03,
    CONC-08). Products always counted as named have a peak too, but no pool that bills.
#}
{% macro concurrency_pools() -%}
    select distinct product_code as pool
    from {{ ref('int_catalogue') }}
    where is_cx or kind = 'addon'
    union all
    select 'cx_all' as pool
{%- endmacro %}
