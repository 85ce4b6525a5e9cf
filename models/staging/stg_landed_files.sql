with

footer_facts as (

    select * from {{ source('lake', 'landed_files') }}

),

landed_files as (

    select
        file_name as lake_file,
        max(decode(value)) filter (where decode(key) = 'org_id') as org_id,
        max(decode(value)) filter (where decode(key) = 'dataset') as dataset,
        max(decode(value)) filter (where decode(key) = 'source_file') as source_file,
        max(decode(value)) filter (where decode(key) = 'sha256') as sha256,
        max(decode(value)) filter (where decode(key) = 'landed_at') as landed_at,
        max(decode(value)) filter (where decode(key) = 'rows_in_file') as rows_in_file,
        max(decode(value)) filter (where decode(key) = 'withdrawn_at') as withdrawn_at,
        max(decode(value)) filter (where decode(key) = 'answer_id') as answer_id,
        max(decode(value)) filter (where decode(key) = 'answer_parts') as answer_parts,
        max(decode(value)) filter (where decode(key) = 'coverage_basis')
            as coverage_basis,
        max(decode(value)) filter (where decode(key) = 'covered_from') as covered_from,
        max(decode(value)) filter (where decode(key) = 'covered_to') as covered_to
    from footer_facts
    group by file_name

),

typed as (

    select
        regexp_extract(lake_file, '([0-9a-f]+)\.parquet$', 1) as file_id,
        org_id,
        dataset,
        source_file,
        sha256,
        landed_at::timestamp as landed_at,
        rows_in_file::bigint as rows_in_file,
        withdrawn_at::timestamp as withdrawn_at,
        -- No part of an answer counts while another is missing or withdrawn.
        {{ missing_parts() }} as missing_parts,
        withdrawn_at is null and missing_parts = 0 as is_counted,
        coverage_basis,
        {{ utc_timestamp('covered_from') }} as covered_from,
        {{ utc_timestamp('covered_to') }} as covered_to
    from landed_files
    where org_id is not null

)

select * from typed
