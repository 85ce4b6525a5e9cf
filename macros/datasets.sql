{# The raw datasets in the order of their declaration; each has a staging model `stg_<dataset>`. #}
{% macro datasets() -%}
    {{ return([
        'contracts', 'contract_items', 'users', 'license_assignments', 'user_presence',
        'routing_status', 'message_interactions', 'resource_usage', 'api_usage',
        'voice_usage', 'phone_numbers', 'devices', 'orders', 'billable_usage_report',
        'concurrent_usage_report', 'resources_usage_report', 'user_hour_report',
        'subscription_overview', 'billing_charges', 'vendor_invoice_lines'
    ]) }}
{%- endmacro %}
