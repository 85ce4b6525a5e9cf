with

unmapped as (

    select * from {{ ref('int_unmapped_names') }}

),

published as (

    select
        org_id,
        dataset,
        column_name,
        if(
            {{ shows_personal_data() }}, unmapped_name, {{ masked_text('unmapped_name') }}
        ) as unmapped_name,
        source_file,
        effect,
        mapped_in
    from unmapped

),

counted as (

    select
        org_id,
        dataset,
        column_name,
        unmapped_name,
        count(*)::bigint as rows_count,
        min(source_file) as first_source_file,
        any_value(effect) as effect,
        any_value(mapped_in) as mapped_in
    from published
    group by org_id, dataset, column_name, unmapped_name

)

select
    org_id,
    dataset,
    column_name,
    unmapped_name,
    rows_count,
    first_source_file,
    effect,
    mapped_in
from counted
