with

landed as (

    {{ landed_rows(
        'contracts',
        numbers=['payment_terms_days', 'minimum_monthly_amount'],
        dates=['effective_date', 'ramp_end_date', 'term_end_date']
    ) }}

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
        {{ masked_document('landed.contract_id') }} as contract_id,
        {{ masked_words('landed.org_name') }} as org_name,
        coalesce({{ masked_document('landed.billing_account_id') }}, landed.org_id)
            as billing_account_id,
        {{ masked_words('landed.region') }} as region,
        lower(landed.license_model) as license_model,
        lower(coalesce(landed.hourly_model, 'logged_in')) as hourly_model,
        billing_option_names.billing_option,
        currencies.currency,
        {{ utc_date('landed.effective_date') }} as effective_date,
        {{ exclusive_end_date('landed.ramp_end_date') }} as ramp_end_date,
        {{ exclusive_end_date('landed.term_end_date') }} as term_end_date,
        lower(coalesce(landed.peak_rule, 'sustained')) as peak_rule,
        lower(coalesce(landed.hourly_switch, 'latest')) as hourly_switch,
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
            as messaging_pricing_model,
        lower(coalesce(landed.prepay_raise, 'co_term')) as prepay_raise,
        lower(coalesce(landed.after_term, 'ends')) as after_term
    from landed
    left join billing_option_names
        on lower(landed.billing_option) = billing_option_names.name
    left join currencies
        on upper(landed.currency) = currencies.currency

),

checked as (

    select
        * exclude (raw, parse_error),
        {{ rejection([
            ('missing_value', missing([
                'contract_id', 'license_model', 'billing_option', 'currency', 'effective_date'
            ])),
            ('not_a_timestamp', another_century(['effective_date'])),
            ('not_a_timestamp', unreadable([
                'effective_date', 'ramp_end_date', 'term_end_date'
            ])),
            ('not_a_number', unreadable(
                ['payment_terms_days'], 'a whole number of days, like 30'
            )),
            ('not_a_number', unreadable(['minimum_monthly_amount'])),
            ('unknown_value', {'billing_option': (
                'billing_option is null',
                'annual_prepay, annual_prepay_monthly or month_to_month'
            )}),
            ('unknown_value', {'currency': (
                'currency is null', 'a currency code of ISO 4217, like USD'
            )}),
            ('unknown_value', none_of({
                'license_model': ['named', 'concurrent', 'hourly'],
                'hourly_model': ['logged_in', 'interacting'],
                'peak_rule': ['sustained', 'accumulated', 'accumulated_exact'],
                'hourly_switch': ['latest', 'any'],
                'ramp_license_billing': ['waived', 'actuals'],
                'ramp_resource_billing': ['waived', 'actuals'],
                'messaging_pricing_model': ['per_conversation', 'per_token'],
                'prepay_raise': ['co_term', 'overage', 'next_year'],
                'after_term': ['ends', 'month_to_month'],
            })),
            ('negative_quantity', {
                'payment_terms_days': 'payment_terms_days < 0',
                'minimum_monthly_amount': 'minimum_monthly_amount < 0',
            }),
            ('end_before_start', {
                'ramp_end_date': 'ramp_end_date < effective_date',
                'term_end_date': 'term_end_date < effective_date',
            }),
        ]) }}
    from typed

)

select
    *,
    {{ row_status(['contract_id']) }} as row_status
from checked
