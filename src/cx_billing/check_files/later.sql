-- Invoices of the vendor in these files that a build would not see yet.
select
    source_file,
    invoice_number,
    invoice_date,
    count(*) as lines_count
from stg_vendor_invoice_lines
where
    row_status = 'accepted'
    and invoice_date > $day
    and file_id in (select unnest($checked))
group by source_file, invoice_number, invoice_date
order by source_file, invoice_date, invoice_number
