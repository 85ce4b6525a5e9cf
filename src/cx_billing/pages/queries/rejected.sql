-- Contracts come first, then their items: what they lack, other rows are rejected for. Rows
-- that lack a contract are one row per organization, and last.
with

ranked as (

    select
        org_id,
        dataset,
        reason,
        source_file,
        source_row,
        raw_row,
        reason = 'no_contract' as is_without_contract,
        case dataset when 'contracts' then 1 when 'contract_items' then 2 else 3 end as rank
    from marts.rejected_rows
    where $org_id is null or org_id = $org_id

),

by_reason as (

    select
        org_id,
        reason,
        is_without_contract,
        case when not is_without_contract then rank end as rank,
        case when not is_without_contract then dataset end as dataset,
        count(distinct dataset) as datasets_count,
        count(*) as rows_rejected,
        min(
            struct_pack(
                source_file := source_file, source_row := source_row, raw_row := raw_row
            ),
            $shown_examples::integer
        ) as examples
    from ranked
    group by all

)

select
    org_id,
    reason,
    rows_rejected,
    coalesce(
        dataset,
        datasets_count || case when datasets_count = 1 then ' dataset' else ' datasets' end
    ) as dataset,
    case when is_without_contract then examples[:1] else examples end as examples
from by_reason
order by is_without_contract, rank, org_id, dataset, reason
