-- The invoice.
select
    vendor_invoices.org_id,
    organizations.org_name,
    vendor_invoices.invoice_number,
    vendor_invoices.invoice_date,
    vendor_invoices.currency,
    vendor_invoices.printed_total,
    vendor_invoices.expected_total,
    vendor_invoices.variance_amount,
    vendor_invoices.expected_invoice_ids
from marts.vendor_invoices
inner join marts.organizations using (org_id)
where
    vendor_invoices.org_id = $org_id
    and vendor_invoices.invoice_number = $invoice_number
