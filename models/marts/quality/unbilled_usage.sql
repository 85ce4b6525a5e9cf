with

split as (

    select * from {{ ref('int_usage_split') }}

),

cycles as (

    select * from {{ ref('int_cycles') }}

),

products as (

    {{ products_by_organization('cycles') }}

),

licenses as (

    select
        cycles.org_id,
        cycles.cycle_start_date,
        licenses.product_code,
        licenses.license_model,
        licenses.unit_of_measure
    from cycles
    inner join {{ ref('int_license_terms') }} as licenses
        on
            cycles.org_id = licenses.org_id
            and cycles.contract_id = licenses.contract_id

),

without_price as (

    select
        org_id,
        cycle_start_date,
        product_code,
        'no_contract_item' as reason,
        billable_overage_quantity as quantity
    from split
    where billable_overage_quantity > 0 and unit_price is null

),

numbers_without_price as (

    select
        org_id,
        cycle_start_date,
        product_code,
        'no_contract_item' as reason,
        sum(quantity) as quantity
    from {{ ref('int_charges_numbers') }}
    where unit_price is null
    group by org_id, cycle_start_date, product_code

),

within_allowance as (

    select
        org_id,
        cycle_start_date,
        product_code,
        'within_allowance' as reason,
        within_allowance_quantity as quantity
    from split
    where within_allowance_quantity > 0

),

within_commitment as (

    select
        org_id,
        cycle_start_date,
        product_code,
        'within_commitment' as reason,
        within_commitment_quantity as quantity
    from split
    where within_commitment_quantity > 0

),

not_billable as (

    select * from {{ ref('int_not_billable_licenses') }}

),

-- Licenses of the platform that nobody is billed for (NAME-01).
licenses_not_billable as (

    select
        org_id,
        cycle_start_date,
        license_id as product_code,
        'not_billable_license' as reason,
        count(*) as quantity
    from not_billable
    group by org_id, cycle_start_date, license_id

),

users_without_license as (

    select
        logged_in.org_id,
        logged_in.cycle_start_date,
        'none' as product_code,
        'user_without_license' as reason,
        count(*) as quantity
    from {{ ref('int_user_time_by_cycle') }} as logged_in
    anti join {{ ref('int_billed_users') }} as licensed
        on
            logged_in.org_id = licensed.org_id
            and logged_in.cycle_start_date = licensed.cycle_start_date
            and logged_in.user_id = licensed.user_id
    anti join not_billable
        on
            logged_in.org_id = not_billable.org_id
            and logged_in.cycle_start_date = not_billable.cycle_start_date
            and logged_in.user_id = not_billable.user_id
    anti join {{ ref('int_assigned_accounts') }} as assigned
        on
            logged_in.org_id = assigned.org_id
            and logged_in.cycle_start_date = assigned.cycle_start_date
            and logged_in.user_id = assigned.user_id
    where logged_in.first_billable_login_at is not null
    group by logged_in.org_id, logged_in.cycle_start_date

),

-- Interacting hours of holders who never logged in (HOUR-03); less than half a millionth
-- of an hour is none.
hours_without_login as (

    select
        org_id,
        cycle_start_date,
        product_code,
        'not_logged_in' as reason,
        interacting_hours as quantity
    from {{ ref('int_interacting_hours_without_login') }}
    where interacting_hours > 0

),

interactions_without_account as (

    select
        org_id,
        cycle_start_date,
        'conversation_' || platform as product_code,
        'no_customer_account' as reason,
        count(*) as quantity
    from {{ ref('int_interactions_by_cycle') }}
    where customer_account is null and is_conversation
    group by org_id, cycle_start_date, platform

),

-- Sessions of text messages are no conversations (CONV-08).
interactions_of_text_messages as (

    select
        org_id,
        cycle_start_date,
        'conversation_' || platform as product_code,
        'not_billable_service' as reason,
        count(*) as quantity
    from {{ ref('int_interactions_by_cycle') }}
    where not is_conversation
    group by org_id, cycle_start_date, platform

),

-- Users above the billed peak: their spikes were too short (CONC-02).
disregarded_peaks as (

    select
        peaks.org_id,
        peaks.cycle_start_date,
        peaks.pool as product_code,
        'peak_disregarded' as reason,
        peaks.highest_users - peaks.billable_users as quantity
    from {{ ref('concurrency_peaks') }} as peaks
    inner join licenses
        on
            peaks.org_id = licenses.org_id
            and peaks.cycle_start_date = licenses.cycle_start_date
            and peaks.pool = licenses.product_code
    where
        licenses.license_model = 'concurrent'
        and peaks.highest_users > peaks.billable_users

),

short_calls_below_threshold as (

    select
        org_id,
        cycle_start_date,
        'short_call_surcharge' as product_code,
        'below_threshold' as reason,
        short_calls as quantity
    from {{ ref('int_short_calls') }}
    where surcharge_quantity = 0 and short_calls > 0

),

own_carrier_calls as (

    select
        org_id,
        cycle_start_date,
        'byoc_minutes' as product_code,
        'not_billable_service' as reason,
        cdr_minutes as quantity
    from {{ ref('int_calls_by_service') }}
    where service = 'byoc' and cdr_minutes > 0

),

-- The tokens of their messages are in the resources (CONV-09).
conversations_paid_by_token as (

    select
        org_id,
        cycle_start_date,
        product_code,
        'not_billable_service' as reason,
        quantity
    from {{ ref('int_conversation_counts') }}
    where is_paid_by_token

),

-- Messages delivered where conversations are billed take no tokens (X12).
meters_without_token as (

    select
        org_id,
        cycle_start_date,
        product_code,
        'not_billable_service' as reason,
        used_quantity as quantity
    from {{ ref('int_ai_token_usage') }}
    where tokens is null and used_quantity > 0

),

unbilled as (

    select * from without_price
    union all
    select * from numbers_without_price
    union all
    select * from within_allowance
    union all
    select * from within_commitment
    union all
    select * from users_without_license
    union all
    select * from licenses_not_billable
    union all
    select * from hours_without_login
    union all
    select * from interactions_without_account
    union all
    select * from interactions_of_text_messages
    union all
    select * from disregarded_peaks
    union all
    select * from short_calls_below_threshold
    union all
    select * from own_carrier_calls
    union all
    select * from conversations_paid_by_token
    union all
    select * from meters_without_token

)

select
    unbilled.org_id,
    unbilled.cycle_start_date,
    unbilled.product_code,
    unbilled.reason,
    unbilled.quantity::decimal(38, 6) as quantity,
    case
        when
            unbilled.reason = 'no_customer_account'
            or interactions_of_text_messages.product_code is not null then 'interaction'
        else coalesce(licenses.unit_of_measure, products.unit_of_measure, 'user')
    end as unit_of_measure
from unbilled
inner join cycles
    on
        unbilled.org_id = cycles.org_id
        and unbilled.cycle_start_date = cycles.cycle_start_date
left join licenses
    on
        unbilled.org_id = licenses.org_id
        and unbilled.cycle_start_date = licenses.cycle_start_date
        and unbilled.product_code = licenses.product_code
left join products
    on
        unbilled.org_id = products.org_id
        and unbilled.product_code = products.product_code
left join interactions_of_text_messages
    on
        unbilled.org_id = interactions_of_text_messages.org_id
        and unbilled.cycle_start_date = interactions_of_text_messages.cycle_start_date
        and unbilled.product_code = interactions_of_text_messages.product_code
