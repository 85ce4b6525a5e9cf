-- The only place that knows what day it is.
select
    as_of_date,
    as_of_date::timestamp as as_of_at
from (
    select
        '{{ var("as_of") or run_started_at.strftime("%Y-%m-%d") }}'::date
            as as_of_date
) as build
