{#
    The datasets as _sources.yml declares them, each with its staging model `stg_<dataset>`,
    and the interval that a row holds for as columns of that model: (start, end, the column of
    the file that tells the start), by the core clock unless a fourth says otherwise; `date` goes
    by whole days, whatever the hour of a clock. An instant has both equal, `null` is not bound
    to time. `none`: a contract, item or product, what is said of other rows, or what int_user_states,
    int_interactions and int_orders make of rows that can be open or have two dates.
#}
{% macro datasets() -%}
    {{ return({
        'contracts': none,
        'contract_items': none,
        'users': ('null', 'null'),
        'license_assignments': ('assigned_from', 'assigned_to', "'assigned_from'"),
        'user_presence': none,
        'routing_status': none,
        'message_interactions': none,
        'coverage': none,
        'product_catalogue': none,
        'resource_usage': ('usage_date', 'usage_date', "'usage_date'"),
        'api_usage': ('usage_date', 'usage_date', "'date'"),
        'voice_usage': ('started_at', 'started_at', "'start_time'", 'voice'),
        'phone_numbers': ('purchased_date', 'released_date', "'purchased_date'", 'date'),
        'devices': ('in_service_date', 'out_of_service_date', "'in_service_date'"),
        'orders': none,
        'billable_usage_report': ('first_login_at', 'first_login_at', "'timestamp'"),
        'concurrent_usage_report': ('usage_date', 'usage_date', "'date'"),
        'resources_usage_report': ('usage_date', 'usage_date', "'date'"),
        'user_hour_report': ('usage_date', 'usage_date', "'date'"),
        'subscription_overview': ('period_start_date', 'period_start_date', "'billing_period_start_date'"),
        'billing_charges': ('period_start_date', 'period_start_date', "'period_start'"),
        'vendor_invoice_lines': ('null', 'null'),
        'disputes': ('null', 'null'),
    }) }}
{%- endmacro %}
