-- The only place that knows what day it is. `cx-billing build --as-of` sets a variable of
-- the session, so that another day does not make dbt parse the project again; plain dbt
-- sets a var.
select
    as_of_date,
    as_of_date::timestamp as as_of_at
from (
    select
        coalesce(
            getvariable('as_of')::date,
            {% if var("as_of") -%}
                '{{ var("as_of") }}'::date
            {%- else -%}
                (now() at time zone 'UTC')::date
            {%- endif %}
        ) as as_of_date
) as build
