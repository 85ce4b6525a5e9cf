-- Rejected lines that do not tell the date of their invoice.
select
    org_id,
    source_file,
    trim(raw_row ->> 'invoice_number') as invoice_number,
    count(*) as lines_count
from marts.rejected_rows
where
    not is_retired
    and dataset = 'vendor_invoice_lines'
    and ($org_id is null or org_id = $org_id)
    and (
        column_name = 'invoice_date'
        or coalesce(trim(raw_row ->> 'invoice_date'), '') = ''
    )
group by org_id, source_file, trim(raw_row ->> 'invoice_number')
order by org_id, source_file, invoice_number
