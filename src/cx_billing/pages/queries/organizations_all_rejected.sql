-- Organizations that delivered rows of which none was accepted, with the first of those that
-- need somebody: contracts, then their items, then the others.
with

accepted as (

    select distinct org_id
    from marts.load_audit
    where rows_accepted > 0

)

select
    rejected_rows.org_id,
    count(*) as rows_count,
    arg_min(
        struct_pack(
            source_file := rejected_rows.source_file,
            source_row := rejected_rows.source_row,
            reason := rejected_rows.reason,
            column_name := rejected_rows.column_name,
            value := rejected_rows.value,
            explanation := reject_reasons.explanation,
            expected := rejected_rows.expected,
            raw_row := rejected_rows.raw_row
        ),
        row(
            case rejected_rows.dataset
                when 'contracts' then 1 when 'contract_items' then 2 else 3
            end,
            rejected_rows.source_file,
            rejected_rows.source_row
        )
    ) as first_row
from marts.rejected_rows
inner join reference.reject_reasons using (reason)
anti join accepted
    on rejected_rows.org_id = accepted.org_id
where not rejected_rows.is_retired
group by rejected_rows.org_id
order by rejected_rows.org_id
