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
        rows_count,
        first_source_file,
        effect,
        mapped_in,
        is_in_users
    from unmapped

),

counted as (

    select
        org_id,
        dataset,
        column_name,
        unmapped_name,
        sum(rows_count)::bigint as rows_count,
        min(first_source_file) as first_source_file,
        any_value(effect) as effect,
        any_value(mapped_in) as mapped_in,
        count(*)::bigint as names_count,
        count_if(is_in_users)::bigint as names_in_users
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
    mapped_in,
    names_count,
    names_in_users
from counted
