with

charges as (

    select * from {{ ref('int_charges') }}

),

contracts as (

    select * from {{ ref('int_contracts') }}

),

currencies as (

    select * from {{ ref('currencies') }}

),

products as (

    {{ products_by_organization('charges') }}

),

licenses as (

    select * from {{ ref('int_license_terms') }}

),

-- A charge without a price is no line: it is shown as unbilled (no_contract_item). The one
-- exception is telephony, whose cost the call records carry.
priceable as (

    select * from charges
    where unit_price is not null or unrounded_amount is not null

),

priced as (

    select
        priceable.org_id,
        priceable.contract_id,
        priceable.invoice_date,
        case
            when priceable.charge_type = 'prepay' then 'core_services_prepay'
            when
                priceable.charge_type = 'one_time'
                and coalesce(products.kind, '') <> 'number'
                then 'one_time'
            else products.section
        end as section,
        priceable.product_code,
        coalesce(products.invoice_name, priceable.product_code)
        || case licenses.license_model
            when 'named' then ' User'
            when 'concurrent' then ' Concurrent'
            when 'hourly' then ' User Hour'
            else ''
        end
        || case priceable.charge_type
            when 'prepay' then ' – Prepay'
            when 'committed' then ' – Committed'
            else ''
        end
        || coalesce(' (' || priceable.detail || ')', '') as description,
        priceable.charge_type,
        priceable.service_period_start,
        priceable.service_period_end,
        priceable.quantity,
        case
            when
                licenses.license_model in ('named', 'concurrent')
                and priceable.charge_type = 'prepay'
                and contracts.billing_option = 'annual_prepay'
                then 'user-month'
            else coalesce(licenses.unit_of_measure, products.unit_of_measure, 'each')
        end as unit_of_measure,
        priceable.unit_price,
        case
            when priceable.is_waived then 0
            when priceable.unrounded_amount is not null
                then {{ round_money(
                    'priceable.unrounded_amount', 'currencies.minor_units'
                ) }}
            else {{ round_money(
                'priceable.quantity * priceable.unit_price', 'currencies.minor_units'
            ) }}
        end::decimal(28, 4) as amount,
        contracts.currency,
        priceable.is_waived,
        case when priceable.is_waived then 'ramp' end as waiver_reason,
        priceable.detail
    from priceable
    inner join contracts
        on
            priceable.org_id = contracts.org_id
            and priceable.contract_id = contracts.contract_id
    inner join currencies
        on contracts.currency = currencies.currency
    left join products
        on
            priceable.org_id = products.org_id
            and priceable.product_code = products.product_code
    left join licenses
        on
            priceable.org_id = licenses.org_id
            and priceable.contract_id = licenses.contract_id
            and priceable.product_code = licenses.product_code

)

select * from priced
