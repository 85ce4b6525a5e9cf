select
    reason,
    title
from reference.difference_reasons
order by position
