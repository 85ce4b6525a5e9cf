-- Rejected rows that need somebody, one row per organization, dataset, reason and column,
-- with the first of them. What lacks a contract is one row per organization; terms come
-- first, since what they lack the other rows are rejected for.
with

open_rows as (

    select
        rejected_rows.*,
        reject_reasons.explanation,
        rejected_rows.reason = 'no_contract' as is_without_contract
    from marts.rejected_rows
    inner join reference.reject_reasons using (reason)
    where not rejected_rows.is_retired

),

kinds as (

    select
        org_id,
        case when not is_without_contract then dataset end as dataset,
        reason,
        column_name,
        explanation,
        count(*) as rows_count,
        min(
            struct_pack(
                source_file := source_file,
                source_row := source_row,
                value := value,
                expected := expected,
                raw_row := raw_row
            )
        ) as first_row
    from open_rows
    group by all

)

select
    org_id,
    dataset,
    reason,
    column_name,
    explanation,
    rows_count,
    first_row
from kinds
order by
    dataset is null,
    case dataset when 'contracts' then 1 when 'contract_items' then 2 else 3 end,
    org_id,
    first_row
