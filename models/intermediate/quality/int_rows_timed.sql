-- Every accepted row outside the contracts themselves with the half-open interval it speaks
-- of; a point in time has equal ends, no end is open, no start means it speaks of no time.
with

presence as (

    select
        'user_presence' as dataset,
        'core' as clock,
        org_id,
        file_id,
        source_row,
        started_at as starts_at,
        ended_at as ends_at
    from {{ ref('int_user_states') }}
    where feed = 'presence'

),

routing as (

    select
        'routing_status' as dataset,
        'core' as clock,
        org_id,
        file_id,
        source_row,
        started_at as starts_at,
        ended_at as ends_at
    from {{ ref('int_user_states') }}
    where feed = 'routing'

),

interactions as (

    select
        'message_interactions' as dataset,
        'core' as clock,
        org_id,
        file_id,
        source_row,
        started_at as starts_at,
        ended_at as ends_at
    from {{ ref('stg_message_interactions') }}
    where row_status = 'accepted'

),

calls as (

    select
        'voice_usage' as dataset,
        'voice' as clock,
        org_id,
        file_id,
        source_row,
        started_at as starts_at,
        started_at as ends_at
    from {{ ref('stg_voice_usage') }}
    where row_status = 'accepted'

),

assignments as (

    select
        'license_assignments' as dataset,
        'core' as clock,
        org_id,
        file_id,
        source_row,
        assigned_from::timestamp as starts_at,
        assigned_to::timestamp as ends_at
    from {{ ref('stg_license_assignments') }}
    where row_status = 'accepted'

),

numbers as (

    select
        'phone_numbers' as dataset,
        'core' as clock,
        org_id,
        file_id,
        source_row,
        purchased_date::timestamp as starts_at,
        released_date::timestamp as ends_at
    from {{ ref('stg_phone_numbers') }}
    where row_status = 'accepted'

),

devices as (

    select
        'devices' as dataset,
        'core' as clock,
        org_id,
        file_id,
        source_row,
        in_service_date::timestamp as starts_at,
        out_of_service_date::timestamp as ends_at
    from {{ ref('stg_devices') }}
    where row_status = 'accepted'

),

resource_days as (

    select
        'resource_usage' as dataset,
        'core' as clock,
        org_id,
        file_id,
        source_row,
        usage_date::timestamp as starts_at,
        usage_date::timestamp as ends_at
    from {{ ref('stg_resource_usage') }}
    where row_status = 'accepted'

),

api_days as (

    select
        'api_usage' as dataset,
        'core' as clock,
        org_id,
        file_id,
        source_row,
        usage_date::timestamp as starts_at,
        usage_date::timestamp as ends_at
    from {{ ref('stg_api_usage') }}
    where row_status = 'accepted'

),

orders as (

    select
        'orders' as dataset,
        'core' as clock,
        org_id,
        file_id,
        source_row,
        case
            when is_hardware then coalesce(shipped_date, ordered_date) else ordered_date
        end::timestamp as starts_at,
        starts_at as ends_at
    from {{ ref('stg_orders') }}
    where row_status = 'accepted'

),

charge_reports as (

    select
        'billable_usage_report' as dataset,
        'core' as clock,
        org_id,
        file_id,
        source_row,
        first_login_at as starts_at,
        first_login_at as ends_at
    from {{ ref('stg_billable_usage_report') }}
    where row_status = 'accepted'

),

concurrency_reports as (

    select
        'concurrent_usage_report' as dataset,
        'core' as clock,
        org_id,
        file_id,
        source_row,
        usage_date::timestamp as starts_at,
        usage_date::timestamp as ends_at
    from {{ ref('stg_concurrent_usage_report') }}
    where row_status = 'accepted'

),

resource_reports as (

    select
        'resources_usage_report' as dataset,
        'core' as clock,
        org_id,
        file_id,
        source_row,
        usage_date::timestamp as starts_at,
        usage_date::timestamp as ends_at
    from {{ ref('stg_resources_usage_report') }}
    where row_status = 'accepted'

),

hour_reports as (

    select
        'user_hour_report' as dataset,
        'core' as clock,
        org_id,
        file_id,
        source_row,
        usage_date::timestamp as starts_at,
        usage_date::timestamp as ends_at
    from {{ ref('stg_user_hour_report') }}
    where row_status = 'accepted'

),

overview_reports as (

    select
        'subscription_overview' as dataset,
        'core' as clock,
        org_id,
        file_id,
        source_row,
        period_start_date::timestamp as starts_at,
        period_start_date::timestamp as ends_at
    from {{ ref('stg_subscription_overview') }}
    where row_status = 'accepted'

),

charge_periods as (

    select
        'billing_charges' as dataset,
        'core' as clock,
        org_id,
        file_id,
        source_row,
        period_start_date::timestamp as starts_at,
        period_start_date::timestamp as ends_at
    from {{ ref('stg_billing_charges') }}
    where row_status = 'accepted'

),

users as (

    select
        'users' as dataset,
        'core' as clock,
        org_id,
        file_id,
        source_row,
        null::timestamp as starts_at,
        null::timestamp as ends_at
    from {{ ref('stg_users') }}
    where row_status = 'accepted'

),

-- A vendor's line is compared whatever its period: an invoice for a time without a
-- contract is a finding, not a bad row.
vendor_lines as (

    select
        'vendor_invoice_lines' as dataset,
        'core' as clock,
        org_id,
        file_id,
        source_row,
        null::timestamp as starts_at,
        null::timestamp as ends_at
    from {{ ref('stg_vendor_invoice_lines') }}
    where row_status = 'accepted'

),

timed as (

    select * from presence
    union all
    select * from routing
    union all
    select * from interactions
    union all
    select * from calls
    union all
    select * from assignments
    union all
    select * from numbers
    union all
    select * from devices
    union all
    select * from resource_days
    union all
    select * from api_days
    union all
    select * from orders
    union all
    select * from charge_reports
    union all
    select * from concurrency_reports
    union all
    select * from resource_reports
    union all
    select * from hour_reports
    union all
    select * from overview_reports
    union all
    select * from charge_periods
    union all
    select * from users
    union all
    select * from vendor_lines

)

select * from timed
