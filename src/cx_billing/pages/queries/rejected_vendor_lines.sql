select count(*) as rows_count
from marts.rejected_rows
where not is_retired and org_id = $org_id and dataset = 'vendor_invoice_lines'
