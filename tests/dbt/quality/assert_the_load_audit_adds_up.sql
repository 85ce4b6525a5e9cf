-- For every file: rows in the file = accepted + duplicate + rejected, and every rejected
-- row is shown.
with

shown as (

    select
        org_id,
        split_part(rejected_row_id, '/', 1) as file_id,
        count(*) as rows_shown
    from {{ ref('rejected_rows') }}
    group by all

)

select
    coalesce(load_audit.org_id, shown.org_id) as org_id,
    load_audit.file_id,
    load_audit.source_file,
    load_audit.rows_in_file,
    load_audit.rows_accepted,
    load_audit.rows_duplicate,
    load_audit.rows_rejected,
    shown.rows_shown as rejected_rows_shown
from {{ ref('load_audit') }} as load_audit
full outer join shown
    on load_audit.file_id = shown.file_id
where
    load_audit.file_id is null
    or load_audit.rows_in_file
    <> load_audit.rows_accepted + load_audit.rows_duplicate + load_audit.rows_rejected
    or load_audit.rows_rejected <> coalesce(shown.rows_shown, 0)
