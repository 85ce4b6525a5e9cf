with

cycles as (

    select * from {{ ref('int_cycles') }}

),

contract_items as (

    select * from {{ ref('int_contract_items') }}

),

products as (

    {{ products_by_organization('cycles') }}

),

allowances as (

    select * from {{ ref('int_allowances') }}

),

prepaid as (

    select * from {{ ref('int_prepaid_quantities') }}

),

-- What each area measures. A meter of tokens is used as tokens, not as itself (FU-13), and
-- conversations paid for by token are not billed again (CONV-09).
measured as (

    select
        'licenses' as usage_area,
        org_id,
        cycle_start_date,
        product_code,
        actual_quantity as quantity
    from {{ ref('int_license_usage') }}
    union all
    select
        'resources' as usage_area,
        quantities.org_id,
        quantities.cycle_start_date,
        quantities.product_code,
        quantities.used_quantity as quantity
    from {{ ref('int_resource_quantities') }} as quantities
    anti join products as meters
        on
            quantities.org_id = meters.org_id
            and quantities.product_code = meters.product_code
            and meters.kind = 'token_meter'
    union all
    select
        'resources' as usage_area,
        org_id,
        cycle_start_date,
        'ai_tokens' as product_code,
        tokens as quantity
    from {{ ref('int_ai_token_usage') }}
    where tokens is not null
    union all
    select
        'conversations' as usage_area,
        org_id,
        cycle_start_date,
        product_code,
        quantity
    from {{ ref('int_conversation_counts') }}
    where not is_paid_by_token
    union all
    select
        'devices' as usage_area,
        org_id,
        cycle_start_date,
        product_code,
        1 as quantity
    from {{ ref('int_devices_in_service') }}
    union all
    select
        'accounts' as usage_area,
        org_id,
        cycle_start_date,
        product_code,
        1 as quantity
    from {{ ref('int_assigned_accounts') }}
    union all
    select
        'short_calls' as usage_area,
        org_id,
        cycle_start_date,
        'short_call_surcharge' as product_code,
        surcharge_quantity as quantity
    from {{ ref('int_short_calls') }}

),

committed as (

    select
        null as usage_area,
        contract_items.org_id,
        contract_items.cycle_start_date,
        contract_items.product_code,
        0 as quantity
    from contract_items
    inner join products
        on
            contract_items.org_id = products.org_id
            and contract_items.product_code = products.product_code
    where
        contract_items.committed_quantity > 0
        and products.can_be_committed

),

-- Tokens delivered as such and tokens of the meters are one quantity (FU-13).
used as (

    select
        org_id,
        cycle_start_date,
        product_code,
        max(usage_area) as usage_area,
        sum(quantity)::decimal(38, 6) as quantity
    from (
        select * from measured
        union all
        select * from committed
    ) as used_or_committed
    group by org_id, cycle_start_date, product_code

),

-- Tokens of third-party messages, which the ramp bills as it does the messages (RAMP-05).
message_tokens as (

    select
        org_id,
        cycle_start_date,
        'ai_tokens' as product_code,
        sum(tokens) as quantity
    from {{ ref('int_ai_token_usage') }}
    where is_of_messages
    group by org_id, cycle_start_date

)

-- With the allowance of the cycle and the terms of the contract.
select
    used.org_id,
    used.cycle_start_date,
    used.product_code,
    used.usage_area,
    products.kind,
    products.arrears_charge_type,
    products.waived_in_ramp_as,
    used.quantity as measured_quantity,
    coalesce(message_tokens.quantity, 0)::decimal(38, 6) as never_waived_quantity,
    case
        when used.usage_area in ('resources', 'accounts')
            then coalesce(allowances.included_quantity, 0)
        else 0
    end::decimal(38, 6) as included_quantity,
    -- As the contract has it, in ramp cycles too (INV-13).
    case
        when products.can_be_committed then coalesce(contract_items.committed_quantity, 0)
        else 0
    end::decimal(38, 6) as contract_committed_quantity,
    -- What is paid for anyway: nothing in the ramp (RAMP-03), then the commitment, in a
    -- prepaid year at least what is prepaid, and no more than that if a raise is overage.
    case
        when cycles.phase = 'ramp' or not products.can_be_committed then 0
        when cycles.billing_option = 'annual_prepay' and cycles.prepay_raise = 'overage'
            then coalesce(prepaid.prepaid_quantity, 0)
        else
            greatest(contract_committed_quantity, coalesce(prepaid.prepaid_quantity, 0))
    end::decimal(38, 6) as committed_quantity,
    contract_items.prepay_rate,
    contract_items.overage_rate,
    case
        when products.kind in ('resource', 'account') then cycles.overage_rounding
        else 'none'
    end as overage_rounding,
    cycles.phase,
    cycles.billing_option,
    cycles.ramp_license_billing,
    cycles.ramp_resource_billing,
    cycles.cycle_end_date
from used
inner join cycles
    on
        used.org_id = cycles.org_id
        and used.cycle_start_date = cycles.cycle_start_date
inner join products
    on
        used.org_id = products.org_id
        and used.product_code = products.product_code
left join message_tokens
    on
        used.org_id = message_tokens.org_id
        and used.cycle_start_date = message_tokens.cycle_start_date
        and used.product_code = message_tokens.product_code
left join allowances
    on
        used.org_id = allowances.org_id
        and used.cycle_start_date = allowances.cycle_start_date
        and used.product_code = allowances.product_code
left join contract_items
    on
        used.org_id = contract_items.org_id
        and used.cycle_start_date = contract_items.cycle_start_date
        and used.product_code = contract_items.product_code
left join prepaid
    on
        used.org_id = prepaid.org_id
        and used.cycle_start_date = prepaid.cycle_start_date
        and used.product_code = prepaid.product_code
