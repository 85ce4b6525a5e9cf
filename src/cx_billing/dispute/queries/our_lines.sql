-- The lines of ours that the vendor's invoice answers.
select
    invoice_lines.invoice_line_id,
    invoice_lines.invoice_id,
    invoice_lines.invoice_date,
    invoice_lines.section,
    invoice_lines.product_code,
    invoice_lines.description,
    invoice_lines.charge_type,
    invoice_lines.service_period_start,
    invoice_lines.service_period_end,
    invoice_lines.quantity,
    invoice_lines.unit_of_measure,
    invoice_lines.unit_price,
    invoice_lines.amount,
    invoice_lines.currency,
    invoice_lines.is_waived,
    invoice_lines.waiver_reason
from marts.invoice_lines
-- An id may hold a comma: the joined ids are searched, not split.
inner join marts.vendor_invoices
    on
        invoice_lines.org_id = vendor_invoices.org_id
        and contains(
            ', ' || vendor_invoices.expected_invoice_ids || ', ',
            ', ' || invoice_lines.invoice_id || ', '
        )
where
    vendor_invoices.org_id = $org_id
    and vendor_invoices.invoice_number = $invoice_number
order by invoice_lines.invoice_line_id
