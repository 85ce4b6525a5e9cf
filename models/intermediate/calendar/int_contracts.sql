with

build as (

    select * from {{ ref('int_as_of') }}

),

-- A contract that begins at or after as-of is not known yet.
contracts as (

    select contracts.*
    from {{ ref('int_contracts_checked') }} as contracts
    cross join build
    where
        contracts.reject_reason is null
        and contracts.effective_date < build.as_of_date

),

-- The contract with the latest effective date not after an instant is in force then.
successions as (

    select
        *,
        lead(effective_date) over (
            partition by org_id order by effective_date
        ) as next_effective_date
    from contracts

),

in_force as (

    select
        org_id,
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
        coalesce(ramp_end_date, effective_date) as term_start_date,
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
        next_effective_date,
        effective_date as in_force_from,
        -- After its term a contract ends, or goes on from month to month (CYC-08).
        least(
            case
                when after_term = 'month_to_month' then '9999-12-31'::date
                else coalesce(term_end_date, '9999-12-31'::date)
            end,
            coalesce(next_effective_date, '9999-12-31'::date)
        ) as in_force_to
    from successions

)

select * from in_force
