-- Seen as of a day on which an invoice was not final, nobody has sealed it.
select
    sealed_lines.entry,
    sealed_lines.sequence,
    sealed_lines.sealed_at,
    sealed_lines.sealed_by,
    sealed_lines.reason,
    sealed_lines.org_id,
    sealed_lines.invoice_date,
    sealed_lines.billing_account_id,
    sealed_lines.due_date,
    sealed_lines.invoice_line_id,
    sealed_lines.section,
    sealed_lines.product_code,
    sealed_lines.description,
    sealed_lines.charge_type,
    sealed_lines.service_period_start,
    sealed_lines.service_period_end,
    sealed_lines.quantity,
    sealed_lines.unit_of_measure,
    sealed_lines.unit_price,
    sealed_lines.amount,
    sealed_lines.currency,
    sealed_lines.is_waived,
    sealed_lines.waiver_reason,
    sealed_lines.corrected_line_id,
    sealed_lines.corrected_invoice_date
from {{ ref('stg_sealed_lines') }} as sealed_lines
inner join {{ ref('int_as_of') }} as as_of_day
    on sealed_lines.invoice_date < as_of_day.as_of_date
