-- Of one invoice where its numbers are given, with the lines that do not tell theirs. Of a
-- number that is masked the rest has to agree.
with rejected as (
    select
        source_file,
        source_row,
        reason,
        column_name,
        value,
        expected,
        nullif(trim(raw_row ->> 'invoice_number'), '') as invoice_number,
        raw_row ->> 'description' as description,
        raw_row ->> 'amount' as amount
    from marts.rejected_rows
    where
        not is_retired
        and org_id = $org_id
        and dataset = 'vendor_invoice_lines'
        and (
            $invoice_numbers is null
            or coalesce(trim(raw_row ->> 'invoice_number'), '') = ''
            or list_bool_or(
                list_transform(
                    $invoice_numbers::varchar[],
                    lambda number: number like replace(
                        trim(raw_row ->> 'invoice_number'), '***', '%'
                    )
                )
            )
        )
)

select
    rejected.source_file,
    rejected.source_row,
    rejected.reason,
    rejected.column_name,
    rejected.value,
    reject_reasons.explanation,
    rejected.expected,
    rejected.invoice_number,
    rejected.description,
    rejected.amount
from rejected
inner join reference.reject_reasons using (reason)
order by rejected.source_file, rejected.source_row
