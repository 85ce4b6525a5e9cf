-- Files that count for nothing since other files of their answer are not landed.
select
    source_file,
    file_id,
    missing_parts,
    count(*) over (partition by source_file) as files_of_the_name
from marts.load_audit
where missing_parts > 0
order by source_file, landed_at
