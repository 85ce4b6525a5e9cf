with

now_landed as (

    select * from marts.load_audit
    where withdrawn_at is null and missing_parts = 0

),

-- A build of an earlier version has no column for withdrawn files, or for parts.
landed_before as (

    select * from earlier.marts.load_audit
    where
        (to_json(load_audit) ->> 'withdrawn_at') is null
        and coalesce((to_json(load_audit) ->> 'missing_parts')::bigint, 0) = 0

)

select
    coalesce(now_landed.org_id, landed_before.org_id) as org_id,
    coalesce(now_landed.source_file, landed_before.source_file) as source_file,
    now_landed.file_id is not null as is_new,
    coalesce(now_landed.rows_accepted, landed_before.rows_accepted) as rows_accepted
from now_landed
full outer join landed_before
    on now_landed.file_id = landed_before.file_id
where now_landed.file_id is null or landed_before.file_id is null
order by org_id, source_file
