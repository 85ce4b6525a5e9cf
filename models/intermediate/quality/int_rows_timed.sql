-- The interval [starts_at, ends_at) that each accepted row holds for, contracts and their
-- items aside. Instants: both equal. `ends_at` null = ongoing. `starts_at` null = not bound
-- to time; so are the vendor's lines, since an invoice without a contract is a finding.
{% set shipped_or_ordered %}
    case
        when is_hardware then coalesce(shipped_date, ordered_date) else ordered_date
    end
{% endset %}
{% set intervals = {
    'message_interactions': ('started_at', 'ended_at'),
    'voice_usage': ('started_at', 'started_at'),
    'license_assignments': ('assigned_from', 'assigned_to'),
    'phone_numbers': ('purchased_date', 'released_date'),
    'devices': ('in_service_date', 'out_of_service_date'),
    'resource_usage': ('usage_date', 'usage_date'),
    'api_usage': ('usage_date', 'usage_date'),
    'orders': (shipped_or_ordered, shipped_or_ordered),
    'billable_usage_report': ('first_login_at', 'first_login_at'),
    'concurrent_usage_report': ('usage_date', 'usage_date'),
    'resources_usage_report': ('usage_date', 'usage_date'),
    'user_hour_report': ('usage_date', 'usage_date'),
    'subscription_overview': ('period_start_date', 'period_start_date'),
    'billing_charges': ('period_start_date', 'period_start_date'),
    'users': ('null', 'null'),
    'vendor_invoice_lines': ('null', 'null'),
} %}
{% for dataset, (starts_at, ends_at) in intervals.items() %}
    select
        '{{ dataset }}' as dataset,
        '{{ 'voice' if dataset == 'voice_usage' else 'core' }}' as clock,
        org_id,
        file_id,
        source_row,
        ({{ starts_at }})::timestamp as starts_at,
        ({{ ends_at }})::timestamp as ends_at
    from {{ ref('stg_' ~ dataset) }}
    where row_status = 'accepted'
    union all
{% endfor %}
select
    case feed when 'presence' then 'user_presence' else 'routing_status' end as dataset,
    'core' as clock,
    org_id,
    file_id,
    source_row,
    started_at as starts_at,
    ended_at as ends_at
from {{ ref('int_user_states') }}
