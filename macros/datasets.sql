{#
    The datasets as _sources.yml declares them, each with its staging model `stg_<dataset>`,
    and the interval that a row holds for as columns of that model: (start, end, the column of
    the file that tells the start), by the core clock unless a fourth says otherwise. An instant
    has both equal, `null` is not bound to time. `none`: a contract or item, or, of a user's
    states, what int_user_states makes of them.
#}
{% macro datasets() -%}
    {%- set ordered_or_shipped = (
        'case when is_hardware then coalesce(shipped_date, ordered_date) else ordered_date end'
    ) -%}
    {%- set which_of_the_two = (
        "if(is_hardware and shipped_date is not null, 'shipped_date', 'ordered_date')"
    ) -%}
    {{ return({
        'contracts': none,
        'contract_items': none,
        'users': ('null', 'null'),
        'license_assignments': ('assigned_from', 'assigned_to', "'assigned_from'"),
        'user_presence': none,
        'routing_status': none,
        'message_interactions': ('started_at', 'ended_at', "'start_time'"),
        'resource_usage': ('usage_date', 'usage_date', "'usage_date'"),
        'api_usage': ('usage_date', 'usage_date', "'date'"),
        'voice_usage': ('started_at', 'started_at', "'start_time'", 'voice'),
        'phone_numbers': ('purchased_date', 'released_date', "'purchased_date'"),
        'devices': ('in_service_date', 'out_of_service_date', "'in_service_date'"),
        'orders': (ordered_or_shipped, ordered_or_shipped, which_of_the_two),
        'billable_usage_report': ('first_login_at', 'first_login_at', "'timestamp'"),
        'concurrent_usage_report': ('usage_date', 'usage_date', "'date'"),
        'resources_usage_report': ('usage_date', 'usage_date', "'date'"),
        'user_hour_report': ('usage_date', 'usage_date', "'date'"),
        'subscription_overview': ('period_start_date', 'period_start_date', "'billing_period_start_date'"),
        'billing_charges': ('period_start_date', 'period_start_date', "'period_start'"),
        'vendor_invoice_lines': ('null', 'null'),
    }) }}
{%- endmacro %}
