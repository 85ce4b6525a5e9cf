-- The lines of ours that the vendor's invoice answers.
with

answered as (

    select unnest(string_split(expected_invoice_ids, ', ')) as invoice_id
    from marts.vendor_invoices
    where org_id = $org_id and invoice_number = $invoice_number

)

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
inner join answered using (invoice_id)
where invoice_lines.org_id = $org_id
order by invoice_lines.invoice_line_id
