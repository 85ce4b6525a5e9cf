select
    invoice_date,
    coverage_note
from marts.invoices
where org_id = $org_id and coverage_note is not null
