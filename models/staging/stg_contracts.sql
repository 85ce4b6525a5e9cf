with

landed as (

    {{ landed_rows('contracts') }}

),

billing_option_names as (

    select * from {{ ref('billing_option_names') }}

),

currencies as (

    select * from {{ ref('currencies') }}

),

typed as (

    select
        {{ provenance() }},
        landed.contract_id,
        landed.org_name,
        coalesce(landed.billing_account_id, landed.org_id) as billing_account_id,
        landed.region,
        lower(landed.license_model) as license_model,
        lower(coalesce(landed.hourly_model, 'logged_in')) as hourly_model,
        billing_option_names.billing_option,
        currencies.currency,
        {{ utc_date('landed.effective_date') }} as effective_date,
        {{ exclusive_end_date('landed.ramp_end_date') }} as ramp_end_date,
        {{ exclusive_end_date('landed.term_end_date') }} as term_end_date,
        lower(coalesce(landed.peak_rule, 'sustained')) as peak_rule,
        lower(coalesce(landed.ramp_license_billing, 'waived')) as ramp_license_billing,
        lower(coalesce(
            landed.ramp_resource_billing, landed.ramp_license_billing, 'waived'
        )) as ramp_resource_billing,
        try_cast(coalesce(landed.payment_terms_days, '30') as smallint)
            as payment_terms_days,
        upper(landed.tax_jurisdiction) as tax_jurisdiction,
        try_cast(landed.minimum_monthly_amount as decimal(28, 10))
            as minimum_monthly_amount,
        lower(coalesce(landed.messaging_pricing_model, 'per_conversation'))
            as messaging_pricing_model
    from landed
    left join billing_option_names
        on lower(landed.billing_option) = billing_option_names.name
    left join currencies
        on upper(landed.currency) = currencies.currency

),

checked as (

    select
        * exclude (raw, parse_error),
        case
            when parse_error is not null then parse_error
            when {{ missing([
                'contract_id', 'license_model', 'billing_option', 'currency', 'effective_date'
            ]) }} then 'missing_value'
            when
                -- Another century is a typing error, and would be cycles without end.
                extract('year' from effective_date) not between 1970 and 2099
                or {{ unreadable(['effective_date', 'ramp_end_date', 'term_end_date']) }}
                then 'not_a_timestamp'
            when {{ unreadable(
                ['payment_terms_days', 'minimum_monthly_amount']
            ) }} then 'not_a_number'
            when
                billing_option is null
                or currency is null
                or license_model not in ('named', 'concurrent', 'hourly')
                or hourly_model not in ('logged_in', 'interacting')
                or peak_rule not in ('sustained', 'accumulated', 'accumulated_exact')
                or ramp_license_billing not in ('waived', 'actuals')
                or ramp_resource_billing not in ('waived', 'actuals')
                or messaging_pricing_model not in ('per_conversation', 'per_token')
                then 'unknown_value'
            when
                payment_terms_days < 0 or minimum_monthly_amount < 0
                then 'negative_quantity'
            when
                ramp_end_date < effective_date or term_end_date < effective_date
                then 'end_before_start'
        end as reject_reason
    from typed

)

select
    *,
    {{ row_status(['contract_id']) }} as row_status
from checked
