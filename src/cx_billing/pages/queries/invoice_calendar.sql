select
    invoice_calendar.org_id,
    invoice_calendar.invoice_id,
    invoice_calendar.expected_date,
    invoice_calendar.status,
    invoice_calendar.currency,
    invoice_calendar.expected_total,
    invoice_calendar.vendor_invoice_numbers,
    invoice_calendar.first_received_date,
    invoice_calendar.printed_total,
    invoice_calendar.days_overdue,
    invoice_calendar.expected_by,
    invoice_calendar.rejected_files,
    currencies.minor_units
from marts.invoice_calendar
inner join reference.currencies using (currency)
where $org_id is null or invoice_calendar.org_id = $org_id
order by invoice_calendar.org_id, invoice_calendar.expected_date
