with

told as (

    select
        * exclude (mistakes),
        unnest(mistakes) as mistake,
        unnest(range(len(mistakes))) as step
    from judged

),

-- Of a column of a row only the mistake that the first check finds counts; what is the
-- matter of the file is one of the row, whatever its columns.
single as (

    select
        * exclude (mistake),
        mistake.reject_reason,
        mistake.reject_column,
        mistake.reject_expected,
        mistake.is_of_file,
        mistake.reject_reason = 'no_contract' as is_lacking,
        {
            'is_lacking': is_lacking,
            'where': if(is_lacking, org_id, source_file),
            'column_name': if(mistake.is_of_file, null, mistake.reject_column),
            'reason': mistake.reject_reason
        } as kind
    from told
    qualify
        row_number() over (
            partition by
                file_id,
                source_row,
                if(mistake.is_of_file, mistake.reject_reason, mistake.reject_column)
            order by step
        ) = 1

)

-- The first of each kind, and how many there are.
select
    dataset,
    org_id,
    file_id,
    source_file,
    source_row,
    row_status,
    reject_reason,
    reject_column,
    reject_expected,
    is_lacking,
    is_of_file,
    step,
    kind,
    count(*) over (partition by kind) as rows_alike
from single
qualify
    row_number() over (partition by kind order by source_row)
    <= if(is_lacking or is_of_file, $shown_for_all, $shown_alike)
