select
    invoice_lines.org_id,
    invoice_lines.invoice_id,
    invoice_lines.invoice_date,
    invoice_lines.invoice_line_id,
    invoice_lines.section,
    invoice_sections.title as section_title,
    invoice_lines.product_code,
    invoice_lines.charge_type,
    invoice_lines.description,
    invoice_lines.service_period_start,
    invoice_lines.service_period_end,
    invoice_lines.quantity,
    invoice_lines.unit_of_measure,
    invoice_lines.unit_price,
    invoice_lines.amount,
    invoice_lines.is_waived,
    invoice_lines.waiver_reason,
    currencies.minor_units,
    concat_ws(
        ', ',
        case when invoice_lines.charge_type = 'correction' then 'correction' end,
        case
            when invoice_lines.is_waived
                then concat_ws(': ', 'waived', invoice_lines.waiver_reason)
        end
    ) as remark
from marts.invoice_lines
inner join reference.invoice_sections using (section)
inner join reference.currencies using (currency)
where
    invoice_lines.org_id = $org_id
    and invoice_lines.invoice_date = $invoice_date
order by
    invoice_sections.position,
    invoice_lines.product_code,
    invoice_lines.service_period_start,
    invoice_lines.charge_type,
    invoice_lines.invoice_line_id
