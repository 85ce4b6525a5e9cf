select
    vendor_invoice_lines.org_id,
    vendor_invoice_lines.invoice_number,
    vendor_invoice_lines.line_number,
    vendor_invoice_lines.is_printed,
    vendor_invoice_lines.section,
    vendor_invoice_lines.product_code,
    vendor_invoice_lines.description,
    vendor_invoice_lines.printed_quantity,
    vendor_invoice_lines.printed_price,
    vendor_invoice_lines.printed_amount,
    vendor_invoice_lines.expected_quantity,
    vendor_invoice_lines.expected_amount,
    vendor_invoice_lines.variance_amount,
    vendor_invoice_lines.group_id,
    vendor_invoice_lines.lines_in_group,
    vendor_invoice_lines.reasons
from marts.vendor_invoice_lines
where
    vendor_invoice_lines.org_id = $org_id
    and vendor_invoice_lines.invoice_number = $invoice_number
order by vendor_invoice_lines.line_number
