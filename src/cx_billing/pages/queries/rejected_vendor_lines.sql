-- Of one invoice where its numbers are given, with the lines that do not tell theirs. Of a
-- number that is masked the rest has to agree.
select
    rejected_rows.source_file,
    rejected_rows.source_row,
    rejected_rows.reason,
    rejected_rows.column_name,
    rejected_rows.value,
    reject_reasons.explanation,
    rejected_rows.expected,
    nullif(trim(rejected_rows.raw_row ->> 'invoice_number'), '') as invoice_number,
    rejected_rows.raw_row ->> 'description' as description,
    rejected_rows.raw_row ->> 'amount' as amount
from marts.rejected_rows
inner join reference.reject_reasons using (reason)
where
    not rejected_rows.is_retired
    and rejected_rows.org_id = $org_id
    and rejected_rows.dataset = 'vendor_invoice_lines'
    and (
        $invoice_numbers is null
        or coalesce(trim(rejected_rows.raw_row ->> 'invoice_number'), '') = ''
        or list_bool_or(
            list_transform(
                $invoice_numbers::varchar[],
                lambda number: number like replace(
                    trim(rejected_rows.raw_row ->> 'invoice_number'), '***', '%'
                )
            )
        )
    )
order by rejected_rows.source_file, rejected_rows.source_row
