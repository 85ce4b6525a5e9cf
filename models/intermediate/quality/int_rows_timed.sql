-- The interval [starts_at, ends_at) that each accepted row holds for, contracts and their
-- items aside. Instants: both equal. `ends_at` null = ongoing. `starts_at` null = not bound
-- to time; so are the vendor's lines, since an invoice without a contract is a finding.
{% for dataset, interval in datasets().items() if interval %}
    select
        '{{ dataset }}' as dataset,
        '{{ interval[3] or 'core' }}' as clock,
        org_id,
        file_id,
        source_row,
        ({{ interval[0] }})::timestamp as starts_at,
        ({{ interval[1] }})::timestamp as ends_at,
        {{ interval[2] or 'null' }}::varchar as timed_by
    from {{ ref('stg_' ~ dataset) }}
    where row_status = 'accepted'
    union all
{% endfor %}
select
    'orders' as dataset,
    'date' as clock,
    org_id,
    file_id,
    source_row,
    in_contract_on::timestamp as starts_at,
    in_contract_on::timestamp as ends_at,
    timed_by
from {{ ref('int_orders') }}
union all
select
    case feed when 'presence' then 'user_presence' else 'routing_status' end as dataset,
    'core' as clock,
    org_id,
    file_id,
    source_row,
    started_at as starts_at,
    ended_at as ends_at,
    'start_time' as timed_by
from {{ ref('int_user_states') }}
union all
select
    'message_interactions' as dataset,
    'core' as clock,
    org_id,
    file_id,
    source_row,
    started_at as starts_at,
    ended_at as ends_at,
    'start_time' as timed_by
from {{ ref('int_interactions') }}
