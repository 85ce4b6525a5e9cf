{%- set names_compared = 1000 %}  {#- unknown names, each with every known one #}
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
        value
    from shown
    where reject_reason in ('unknown_license', 'unknown_product')
    order by all
    limit {{ names_compared }}

),

closest as (

    {{ closest_products('unknown_names') }}

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
        and shown.value = closest.value
        and shown.reject_reason in ('unknown_license', 'unknown_product')
left join retired
    on
        shown.file_id = retired.file_id
        and shown.source_row = retired.source_row
