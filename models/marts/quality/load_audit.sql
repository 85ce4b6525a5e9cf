with

landed_files as (

    select * from {{ ref('stg_landed_files') }}

),

judged as (

    select
        file_id,
        count(*) filter (where row_status = 'accepted')::bigint as rows_accepted,
        count(*) filter (where row_status in ('duplicate', 'withdrawn'))::bigint
            as rows_duplicate,
        count(*) filter (where row_status = 'rejected')::bigint as rows_rejected
    from {{ ref('int_landed_rows') }}
    group by file_id

)

select
    landed_files.file_id,
    landed_files.org_id,
    landed_files.dataset,
    landed_files.source_file,
    landed_files.sha256,
    landed_files.landed_at,
    landed_files.rows_in_file,
    coalesce(judged.rows_accepted, 0) as rows_accepted,
    coalesce(judged.rows_duplicate, 0) as rows_duplicate,
    coalesce(judged.rows_rejected, 0) as rows_rejected,
    landed_files.withdrawn_at,
    landed_files.missing_parts
from landed_files
left join judged
    on landed_files.file_id = judged.file_id
