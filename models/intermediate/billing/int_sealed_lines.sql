-- Seen as of a day on which an invoice was not final, nobody has sealed it.
select sealed_lines.*
from {{ ref('stg_sealed_lines') }} as sealed_lines
inner join {{ ref('int_as_of') }} as as_of_day
    on sealed_lines.invoice_date < as_of_day.as_of_date
