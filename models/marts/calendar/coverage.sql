{% set shown_files = 10 %}
select
    org_id,
    dataset,
    basis,
    covered_from,
    covered_to,
    array_to_string(source_files[:{{ shown_files }}], ', ')
    || if(
        len(source_files) > {{ shown_files }},
        ' and ' || (len(source_files) - {{ shown_files }}) || ' more',
        ''
    ) as source_files
from {{ ref('int_coverage') }}
