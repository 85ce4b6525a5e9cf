{#
    The pools whose peak is shown: CX licenses, add-ons, and cx_all of every CX user (CONC-03,
    CONC-08): those of everybody (`org_id` null) and the add-ons that one organization alone has.
    Products always counted as named have a peak too, but no pool that bills.
#}
{% macro concurrency_pools() -%}
    select distinct
        org_id,
        product_code as pool
    from {{ ref('int_catalogue') }}
    where is_cx or kind = 'addon'
    union all
    select
        null::varchar as org_id,
        'cx_all' as pool
{%- endmacro %}
