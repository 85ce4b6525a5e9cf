-- Files with invoices of the vendor that are not known yet, or that a later file replaced.
select
    org_id,
    source_file,
    later_invoices,
    replaced_invoices
from marts.load_audit
where
    ($org_id is null or org_id = $org_id)
    and dataset = 'vendor_invoice_lines'
    and (later_invoices is not null or replaced_invoices is not null)
order by org_id, source_file
