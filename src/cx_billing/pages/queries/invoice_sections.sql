select
    section,
    short_title
from reference.invoice_sections
order by position
