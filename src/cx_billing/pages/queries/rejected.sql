-- Contracts come first, then their items: what they lack, other rows are rejected for. Rows
-- that lack a contract are one row per organization, and last. Examples are of rows that
-- still need somebody, if there are any.
with

ranked as (

    select
        rejected_rows.*,
        reject_reasons.explanation,
        rejected_rows.reason = 'no_contract' as is_without_contract,
        case rejected_rows.dataset
            when 'contracts' then 1 when 'contract_items' then 2 else 3
        end as rank
    from marts.rejected_rows
    inner join reference.reject_reasons using (reason)
    where $org_id is null or rejected_rows.org_id = $org_id

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
        count(*) filter (where is_retired) as rows_retired,
        min(
            struct_pack(
                is_retired := is_retired,
                source_file := source_file,
                source_row := source_row,
                column_name := column_name,
                value := value,
                explanation := explanation,
                expected := expected,
                raw_row := raw_row
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
    rows_retired,
    coalesce(
        dataset,
        datasets_count || case when datasets_count = 1 then ' dataset' else ' datasets' end
    ) as dataset,
    case when is_without_contract then examples[:1] else examples end as examples
from by_reason
order by is_without_contract, rank, org_id, dataset, reason
