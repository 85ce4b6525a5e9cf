with

unmapped as (

    select * from {{ ref('int_unmapped_names') }}

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
    from unmapped
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
