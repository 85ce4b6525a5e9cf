-- `cx-billing build` says the rest as variables of the session; plain dbt does not.
select
    coalesce(getvariable('build_number')::integer, 0) as build_number,
    as_of_day.as_of_date as as_of,
    getvariable('version')::varchar as version,
    getvariable('rules_hash')::varchar as rules_hash,
    inputs.inputs_hash,
    getvariable('built_at')::timestamp as built_at,
    getvariable('ledger_head')::varchar as ledger_head
from {{ ref('int_as_of') }} as as_of_day
cross join {{ ref('int_inputs') }} as inputs
