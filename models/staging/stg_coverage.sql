with

landed as (

    {{ landed_rows('coverage', dates=['covered_from', 'covered_to']) }}

),

typed as (

    select
        {{ provenance() }},
        trim(regexp_replace(lower(landed.dataset), '[^a-z0-9]+', '_', 'g'), '_')
            as covered_dataset,
        {{ utc_timestamp('landed.covered_from') }} as covered_from,
        {{ utc_timestamp('landed.covered_to') }} as covered_to
    from landed

),

checked as (

    select
        * exclude (raw, parse_error),
        {{ rejection([
            ('missing_value', missing(['dataset', 'covered_from', 'covered_to'])),
            ('not_a_timestamp', unreadable(['covered_from', 'covered_to'])),
            ('unknown_value', {'dataset': (
                "covered_dataset not in ('" ~ datasets() | join("', '") ~ "')",
                'one of ' ~ datasets() | join(', ')
            )}),
            ('end_before_start', {'covered_to': 'covered_to < covered_from'}),
        ]) }}
    from typed

)

select
    *,
    {{ row_status(['covered_dataset', 'covered_from']) }} as row_status
from checked
