select distinct
    column_name,
    unmapped_name,
    effect
from marts.unmapped_names
order by column_name, unmapped_name
