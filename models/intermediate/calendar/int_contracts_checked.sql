with

contracts as (

    select * from {{ ref('stg_contracts') }}
    where row_status = 'accepted'

),

-- One contract is in force at any instant: of two that start on one day, the later landing.
with_overlap as (

    select
        *,
        row_number() over (
            partition by org_id, effective_date
            order by landed_at desc, source_row desc
        ) > 1 as is_overlapping
    from contracts

),

-- An organization has one currency: lines of two contracts can share an invoice.
with_currency as (

    select
        *,
        first_value(currency) over (
            partition by is_overlapping, org_id
            order by effective_date
        ) as first_currency
    from with_overlap

),

checked as (

    select
        org_id,
        file_id,
        source_row,
        contract_id,
        org_name,
        billing_account_id,
        region,
        license_model,
        hourly_model,
        billing_option,
        currency,
        effective_date,
        ramp_end_date,
        term_end_date,
        peak_rule,
        hourly_switch,
        ramp_license_billing,
        ramp_resource_billing,
        payment_terms_days,
        tax_jurisdiction,
        minimum_monthly_amount,
        messaging_pricing_model,
        prepay_raise,
        after_term,
        case
            when is_overlapping then 'overlapping_contract'
            when currency <> first_currency then 'currency_mismatch'
        end as reject_reason
    from with_currency

)

select * from checked
