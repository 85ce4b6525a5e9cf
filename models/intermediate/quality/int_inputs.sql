-- What a build reads, in one hash: ids of files are hashes of their content.
select
    sha256(
        coalesce(
            string_agg(
                file_id || ' ' || coalesce(withdrawn_at::varchar, ''), ','
                order by file_id
            ),
            ''
        )
    ) as inputs_hash
from {{ ref('stg_landed_files') }}
