with

metered as (

    select * from {{ ref('int_usage_by_cycle') }}

),

cycles as (

    select * from {{ ref('int_cycles') }}

),

contract_items as (

    select * from {{ ref('int_contract_items_in_force') }}

),

products as (

    select * from {{ ref('int_products') }}

),

-- Every product measured or committed in a cycle, with the contract's terms.
keys as (

    select
        org_id,
        cycle_start_date,
        product_code
    from metered
    union
    select
        contract_items.org_id,
        contract_items.cycle_start_date,
        contract_items.product_code
    from contract_items
    inner join products
        on contract_items.product_code = products.product_code
    where contract_items.committed_quantity > 0 and products.can_be_committed

),

termed as (

    select
        keys.org_id,
        keys.cycle_start_date,
        keys.product_code,
        products.kind,
        products.arrears_charge_type,
        products.waived_in_ramp_as,
        coalesce(metered.measured_quantity, 0)::decimal(38, 6) as measured_quantity,
        coalesce(metered.included_quantity, 0)::decimal(38, 6) as included_quantity,
        -- The subscription, and with it the commitment, begins after the ramp (RAMP-03).
        case
            when cycles.phase = 'term' and products.can_be_committed
                then coalesce(contract_items.committed_quantity, 0)
            else 0
        end::decimal(38, 6) as committed_quantity,
        -- As the contract has it, in ramp cycles too (INV-13).
        case
            when products.can_be_committed
                then coalesce(contract_items.committed_quantity, 0)
            else 0
        end::decimal(38, 6) as contract_committed_quantity,
        contract_items.prepay_rate,
        contract_items.overage_rate,
        case
            when products.kind = 'resource' then cycles.overage_rounding else 'none'
        end as overage_rounding,
        cycles.phase,
        cycles.billing_option,
        cycles.ramp_license_billing,
        cycles.ramp_resource_billing,
        cycles.cycle_end_date
    from keys
    inner join cycles
        on
            keys.org_id = cycles.org_id
            and keys.cycle_start_date = cycles.cycle_start_date
    inner join products
        on keys.product_code = products.product_code
    left join metered
        on
            keys.org_id = metered.org_id
            and keys.cycle_start_date = metered.cycle_start_date
            and keys.product_code = metered.product_code
    left join contract_items
        on
            keys.org_id = contract_items.org_id
            and keys.cycle_start_date = contract_items.cycle_start_date
            and keys.product_code = contract_items.product_code

)

select * from termed
