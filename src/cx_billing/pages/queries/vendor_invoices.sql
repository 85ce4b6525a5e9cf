select
    vendor_invoices.org_id,
    vendor_invoices.invoice_number,
    vendor_invoices.invoice_date,
    vendor_invoices.expected_invoice_ids,
    vendor_invoices.currency,
    vendor_invoices.other_numbers,
    vendor_invoices.printed_total,
    vendor_invoices.lines_total,
    vendor_invoices.expected_total,
    vendor_invoices.variance_amount,
    vendor_invoices.explained_amount,
    vendor_invoices.unexplained_amount,
    vendor_invoices.is_agreed,
    vendor_invoices.unchecked_tax_amount,
    vendor_invoices.unchecked_tax_jurisdiction,
    currencies.minor_units
from marts.vendor_invoices
left join reference.currencies using (currency)
where $org_id is null or vendor_invoices.org_id = $org_id
order by
    vendor_invoices.org_id,
    vendor_invoices.invoice_date,
    vendor_invoices.invoice_number
