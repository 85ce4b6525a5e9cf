select
    invoice_lines.org_id,
    invoice_lines.invoice_line_id,
    invoice_lines.invoice_id,
    invoice_lines.invoice_date,
    invoice_lines.product_code,
    invoice_lines.description,
    invoice_lines.service_period_start,
    invoice_lines.service_period_end,
    invoice_lines.quantity,
    invoice_lines.unit_of_measure,
    invoice_lines.unit_price,
    invoice_lines.amount,
    invoice_lines.currency,
    invoice_lines.is_waived,
    currencies.minor_units
from marts.invoice_lines
inner join reference.invoice_sections using (section)
inner join reference.currencies using (currency)
where invoice_lines.org_id = $org_id
order by
    invoice_lines.invoice_date,
    invoice_sections.position,
    invoice_lines.product_code,
    invoice_lines.service_period_start,
    invoice_lines.charge_type,
    invoice_lines.invoice_line_id
