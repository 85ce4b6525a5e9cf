{#
    For names of rows that no product has (org_id, dataset, value), the product that is spelled
    nearly so, of those that count in the dataset and that the organization knows. None if no
    name is near.
#}
{% macro closest_products(names) -%}
    {%- set likeness = 0.9 -%}  {#- of two spellings, 1 = equal #}
    select
        org_id,
        dataset,
        value,
        max_by(product_code, (likeness, product_code)) as product_code
    from (
        select
            names.*,
            spellings.product_code,
            greatest(
                jaro_winkler_similarity(lower(names.value), lower(spellings.spelling)),
                -- A word that a name begins with is as good.
                if(
                    length(names.value) >= 3
                    and starts_with(lower(spellings.spelling), lower(names.value)),
                    {{ likeness }},
                    0
                )
            ) as likeness
        from {{ names }} as names
        inner join (
            select
                org_id,
                product_code,
                kind,
                unnest([product_code, invoice_name]) as spelling
            from {{ ref('int_catalogue') }}
            union all
            select
                catalogue.org_id,
                catalogue.product_code,
                catalogue.kind,
                aliases.alias as spelling
            from {{ ref('product_aliases') }} as aliases
            inner join {{ ref('int_catalogue') }} as catalogue
                on aliases.product_code = catalogue.product_code
        ) as spellings
            on
                (spellings.org_id is null or names.org_id = spellings.org_id)
                and case names.dataset
                    when 'license_assignments' then spellings.kind in ('license', 'addon')
                    when 'resource_usage' then spellings.kind in ('resource', 'message')
                    when 'devices' then spellings.kind = 'device'
                    else true
                end
    )
    where likeness >= {{ likeness }}
    group by org_id, dataset, value
{%- endmacro %}
