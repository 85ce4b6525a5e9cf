with

licenses as (

    select * from {{ ref('int_license_usage') }}

),

billable_users as (

    select * from {{ ref('int_billable_users') }}

),

user_time as (

    select * from {{ ref('int_user_time_by_cycle') }}

),

peak_users as (

    select * from {{ ref('int_peak_users') }}

),

resources as (

    select * from {{ ref('int_resource_quantities') }}

),

tokens as (

    select
        *,
        'ai_tokens' as token_product
    from {{ ref('int_ai_token_usage') }}
    where tokens > 0

),

usage_split as (

    select * from {{ ref('int_usage_split') }}

),

contract_items as (

    select * from {{ ref('int_contract_items') }}

),

-- Who counts by heads or by the hour, each with the first login of the cycle (NAMED-01,
-- HOUR-01).
users as (

    select
        billable_users.org_id,
        billable_users.cycle_start_date,
        billable_users.product_code,
        case licenses.license_model when 'hourly' then 'user_hours' else 'user' end as kind,
        billable_users.user_id as evidence_key,
        case
            when licenses.license_model = 'named' then 1
            when licenses.hourly_model = 'interacting'
                then {{ divide_half_up('user_time.interacting_us * 0.000001', '3600') }}
            else {{ divide_half_up('user_time.logged_in_us * 0.000001', '3600') }}
        end as quantity,
        billable_users.first_billable_login_at as started_at
    from billable_users
    inner join licenses
        on
            billable_users.org_id = licenses.org_id
            and billable_users.cycle_start_date = licenses.cycle_start_date
            and billable_users.product_code = licenses.product_code
            and licenses.license_model in ('named', 'hourly')
    inner join user_time
        on
            billable_users.org_id = user_time.org_id
            and billable_users.cycle_start_date = user_time.cycle_start_date
            and billable_users.user_id = user_time.user_id

),

-- The days a quantity is of. An average takes an equal part of each.
days as (

    select
        org_id,
        cycle_start_date,
        product_code,
        used_quantity <> summed_quantity and len(counted_days) > 1 as is_average,
        len(counted_days) as days_count,
        unnest(counted_days) as counted_day
    from resources

),

measured as (

    select * from users
    where quantity > 0
    union all by name
    select
        org_id,
        cycle_start_date,
        pool as product_code,
        'peak' as kind,
        pool as evidence_key,
        0 as quantity,
        any_value(witness_started_at) as started_at,
        any_value(witness_ended_at) as ended_at
    from peak_users
    group by org_id, cycle_start_date, pool
    union all by name
    select
        org_id,
        cycle_start_date,
        pool as product_code,
        'peak_user' as kind,
        user_id as evidence_key,
        1 as quantity,
        started_at,
        ended_at
    from peak_users
    union all by name
    select
        org_id,
        cycle_start_date,
        product_code,
        'resource_day' as kind,
        counted_day.usage_date::varchar as evidence_key,
        case
            when is_average
                then {{ divide_half_up('counted_day.quantity', 'days_count') }}
            else counted_day.quantity
        end as quantity,
        counted_day.usage_date::timestamp as started_at,
        (counted_day.usage_date + 1)::timestamp as ended_at
    from days
    where counted_day.quantity > 0
    union all by name
    select
        org_id,
        cycle_start_date,
        token_product as product_code,
        'token_meter' as kind,
        product_code as evidence_key,
        tokens as quantity
    from tokens
    union all by name
    select
        org_id,
        cycle_start_date,
        token_product as product_code,
        'token_meter' as kind,
        product_code as evidence_key,
        tokens as quantity,
        'messages' as detail
    from tokens
    where is_of_messages
    union all by name
    select
        org_id,
        cycle_start_date,
        product_code,
        'device' as kind,
        device_id as evidence_key,
        1 as quantity
    from {{ ref('int_devices_in_service') }}
    union all by name
    select
        org_id,
        cycle_start_date,
        product_code,
        'account_user' as kind,
        user_id as evidence_key,
        1 as quantity
    from {{ ref('int_assigned_accounts') }}

),

totals as (

    select
        org_id,
        cycle_start_date,
        product_code,
        sum(quantity) filter (where detail is null) as quantity,
        sum(quantity) filter (where detail = 'messages') as messages_quantity
    from measured
    group by org_id, cycle_start_date, product_code

),

-- What a line does not bill of it, and what rounding up adds. The tokens of messages that
-- the ramp bills are on a line of their own, less the allowance (RAMP-05).
adjustments as (

    select
        usage_split.org_id,
        usage_split.cycle_start_date,
        usage_split.product_code,
        unnest([
            {
                'kind': 'allowance',
                'evidence_key': usage_split.product_code,
                'quantity': (-usage_split.within_allowance_quantity)::decimal(38, 6),
                'detail': null
            },
            {
                'kind': 'commitment',
                'evidence_key': contract_items.contract_item,
                'quantity': -usage_split.within_commitment_quantity,
                'detail': null
            },
            {
                'kind': 'billed_apart',
                'evidence_key': 'messages',
                'quantity': -usage_split.billed_in_ramp_quantity,
                'detail': null
            },
            {
                'kind': 'rounding',
                'evidence_key': 'quantity',
                'quantity': usage_split.billable_overage_quantity
                + usage_split.within_allowance_quantity
                + usage_split.within_commitment_quantity
                - coalesce(totals.quantity, usage_split.measured_quantity),
                'detail': null
            },
            {
                'kind': 'allowance',
                'evidence_key': usage_split.product_code,
                'quantity': least(
                    0, usage_split.billed_in_ramp_quantity - totals.messages_quantity
                ),
                'detail': 'messages'
            },
            {
                'kind': 'rounding',
                'evidence_key': 'quantity',
                'quantity': greatest(
                    0, usage_split.billed_in_ramp_quantity - totals.messages_quantity
                ),
                'detail': 'messages'
            }
        ]) as adjustment
    from usage_split
    left join contract_items
        on
            usage_split.org_id = contract_items.org_id
            and usage_split.cycle_start_date = contract_items.cycle_start_date
            and usage_split.product_code = contract_items.product_code
    left join totals
        on
            usage_split.org_id = totals.org_id
            and usage_split.cycle_start_date = totals.cycle_start_date
            and usage_split.product_code = totals.product_code

),

weighed as (

    select
        *,
        quantity as weight
    from measured
    union all by name
    select
        org_id,
        cycle_start_date,
        product_code,
        adjustment['detail'] as detail,
        adjustment['kind'] as kind,
        adjustment['evidence_key'] as evidence_key,
        adjustment['quantity'] as quantity
    from adjustments
    where adjustment['quantity'] <> 0

)

select
    org_id,
    cycle_start_date,
    product_code,
    detail,
    kind,
    evidence_key,
    quantity::decimal(38, 6) as quantity,
    weight::decimal(38, 6) as weight,
    started_at,
    ended_at
from weighed
