with

judged_in_staging as (

    select
        'contracts' as dataset,
        org_id,
        file_id,
        source_file,
        source_row,
        row_status,
        reject_reason
    from {{ ref('stg_contracts') }}
    union all
    select
        'contract_items' as dataset,
        org_id,
        file_id,
        source_file,
        source_row,
        row_status,
        reject_reason
    from {{ ref('stg_contract_items') }}
    union all
    select
        'users' as dataset,
        org_id,
        file_id,
        source_file,
        source_row,
        row_status,
        reject_reason
    from {{ ref('stg_users') }}
    union all
    select
        'license_assignments' as dataset,
        org_id,
        file_id,
        source_file,
        source_row,
        row_status,
        reject_reason
    from {{ ref('stg_license_assignments') }}
    union all
    select
        'user_presence' as dataset,
        org_id,
        file_id,
        source_file,
        source_row,
        row_status,
        reject_reason
    from {{ ref('stg_user_presence') }}
    union all
    select
        'routing_status' as dataset,
        org_id,
        file_id,
        source_file,
        source_row,
        row_status,
        reject_reason
    from {{ ref('stg_routing_status') }}
    union all
    select
        'message_interactions' as dataset,
        org_id,
        file_id,
        source_file,
        source_row,
        row_status,
        reject_reason
    from {{ ref('stg_message_interactions') }}
    union all
    select
        'resource_usage' as dataset,
        org_id,
        file_id,
        source_file,
        source_row,
        row_status,
        reject_reason
    from {{ ref('stg_resource_usage') }}
    union all
    select
        'api_usage' as dataset,
        org_id,
        file_id,
        source_file,
        source_row,
        row_status,
        reject_reason
    from {{ ref('stg_api_usage') }}
    union all
    select
        'voice_usage' as dataset,
        org_id,
        file_id,
        source_file,
        source_row,
        row_status,
        reject_reason
    from {{ ref('stg_voice_usage') }}
    union all
    select
        'phone_numbers' as dataset,
        org_id,
        file_id,
        source_file,
        source_row,
        row_status,
        reject_reason
    from {{ ref('stg_phone_numbers') }}
    union all
    select
        'devices' as dataset,
        org_id,
        file_id,
        source_file,
        source_row,
        row_status,
        reject_reason
    from {{ ref('stg_devices') }}
    union all
    select
        'orders' as dataset,
        org_id,
        file_id,
        source_file,
        source_row,
        row_status,
        reject_reason
    from {{ ref('stg_orders') }}
    union all
    select
        'billable_usage_report' as dataset,
        org_id,
        file_id,
        source_file,
        source_row,
        row_status,
        reject_reason
    from {{ ref('stg_billable_usage_report') }}
    union all
    select
        'concurrent_usage_report' as dataset,
        org_id,
        file_id,
        source_file,
        source_row,
        row_status,
        reject_reason
    from {{ ref('stg_concurrent_usage_report') }}
    union all
    select
        'resources_usage_report' as dataset,
        org_id,
        file_id,
        source_file,
        source_row,
        row_status,
        reject_reason
    from {{ ref('stg_resources_usage_report') }}
    union all
    select
        'user_hour_report' as dataset,
        org_id,
        file_id,
        source_file,
        source_row,
        row_status,
        reject_reason
    from {{ ref('stg_user_hour_report') }}
    union all
    select
        'subscription_overview' as dataset,
        org_id,
        file_id,
        source_file,
        source_row,
        row_status,
        reject_reason
    from {{ ref('stg_subscription_overview') }}
    union all
    select
        'billing_charges' as dataset,
        org_id,
        file_id,
        source_file,
        source_row,
        row_status,
        reject_reason
    from {{ ref('stg_billing_charges') }}
    union all
    select
        'vendor_invoice_lines' as dataset,
        org_id,
        file_id,
        source_file,
        source_row,
        row_status,
        reject_reason
    from {{ ref('stg_vendor_invoice_lines') }}

),

outside_contract as (

    select * from {{ ref('int_rows_outside_contract') }}

),

-- A row that staging accepted can still lie outside every contract.
judged as (

    select
        judged_in_staging.dataset,
        judged_in_staging.org_id,
        judged_in_staging.file_id,
        judged_in_staging.source_file,
        judged_in_staging.source_row,
        case
            when outside_contract.reject_reason is not null then 'rejected'
            else judged_in_staging.row_status
        end as row_status,
        coalesce(
            judged_in_staging.reject_reason, outside_contract.reject_reason
        ) as reject_reason
    from judged_in_staging
    left join outside_contract
        on
            judged_in_staging.dataset = outside_contract.dataset
            and judged_in_staging.file_id = outside_contract.file_id
            and judged_in_staging.source_row = outside_contract.source_row

)

select * from judged
