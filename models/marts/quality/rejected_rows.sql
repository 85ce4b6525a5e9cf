{%- set names_compared = 1000 %}  {#- unknown names, each with every known one #}
{%- set likeness = 0.9 %}  {#- of two spellings, 1 = equal #}
with

judged as (

    select * from {{ ref('int_landed_rows') }}
    where row_status = 'rejected'

),

raw_rows as (

    select
        file_id,
        source_row,
        if({{ shows_personal_data() }}, raw_row, masked_row)::json as raw_row,
        raw_row as landed_row
    from {{ ref('int_rejected_rows_raw') }}

),

reasons as (

    select * from {{ ref('reject_reasons') }}

),

retired as (

    select * from {{ ref('int_retired_rows') }}

),

catalogue as (

    select * from {{ ref('int_catalogue') }}

),

shown as (

    select
        judged.*,
        raw_rows.raw_row,
        if(
            case
                when judged.reject_reason in ('not_a_number', 'negative_quantity')
                    then {{ is_amount('raw_rows.landed_row ->> judged.reject_column') }}
                when judged.reject_reason in ('not_a_timestamp', 'end_before_start')
                    then
                        {{ is_like_a_date('raw_rows.landed_row ->> judged.reject_column') }}
            end,
            raw_rows.landed_row ->> judged.reject_column,
            raw_rows.raw_row ->> judged.reject_column
        ) as value,
        raw_rows.landed_row ->> judged.reject_column as landed_value
    from judged
    inner join raw_rows
        on
            judged.file_id = raw_rows.file_id
            and judged.source_row = raw_rows.source_row

),

unknown_names as (

    select distinct
        org_id,
        dataset,
        reject_reason,
        value
    from shown
    where reject_reason in ('unknown_license', 'unknown_product')
    order by all
    limit {{ names_compared }}

),

spellings as (

    select
        org_id,
        product_code,
        kind,
        unnest([product_code, invoice_name]) as spelling
    from catalogue
    union all
    select
        catalogue.org_id,
        catalogue.product_code,
        catalogue.kind,
        aliases.alias as spelling
    from {{ ref('product_aliases') }} as aliases
    inner join catalogue
        on aliases.product_code = catalogue.product_code

),

compared as (

    select
        unknown_names.*,
        spellings.product_code,
        greatest(
            jaro_winkler_similarity(
                lower(unknown_names.value), lower(spellings.spelling)
            ),
            -- A word that a name begins with is as good.
            if(
                length(unknown_names.value) >= 3
                and starts_with(lower(spellings.spelling), lower(unknown_names.value)),
                {{ likeness }},
                0
            )
        ) as likeness
    from unknown_names
    inner join spellings
        on
            (spellings.org_id is null or unknown_names.org_id = spellings.org_id)
            and case unknown_names.dataset
                when 'license_assignments' then spellings.kind in ('license', 'addon')
                when 'resource_usage' then spellings.kind in ('resource', 'message')
                when 'devices' then spellings.kind = 'device'
                else true
            end

),

-- A product that counts there and is spelled nearly so.
closest as (

    select
        org_id,
        dataset,
        reject_reason,
        value,
        max_by(product_code, (likeness, product_code)) as product_code
    from compared
    where likeness >= {{ likeness }}
    group by org_id, dataset, reject_reason, value

)

select
    shown.file_id || '/' || shown.source_row as rejected_row_id,
    shown.org_id,
    shown.dataset,
    shown.source_file,
    shown.source_row,
    shown.reject_reason as reason,
    shown.reject_column as column_name,
    shown.value,
    coalesce(
        {{ said_of_tool('shown.landed_value', 'shown.reject_reason') }},
        shown.reject_expected,
        closest.product_code || ', if that was meant; else ' || reasons.expected,
        reasons.expected
    ) as expected,
    retired.source_row is not null as is_retired,
    shown.raw_row
from shown
left join reasons
    on shown.reject_reason = reasons.reason
left join closest
    on
        shown.org_id = closest.org_id
        and shown.dataset = closest.dataset
        and shown.reject_reason = closest.reject_reason
        and shown.value = closest.value
left join retired
    on
        shown.file_id = retired.file_id
        and shown.source_row = retired.source_row
