with

landed as (

    select
        *,
        lake_rows as as_landed
    from {{ source('lake', 'contracts') }} as lake_rows

),

billing_option_names as (

    select * from {{ ref('billing_option_names') }}

),

currencies as (

    select * from {{ ref('currencies') }}

),

typed as (

    select
        landed.org_id,
        landed.file_id,
        landed.source_file,
        landed.source_row,
        landed.landed_at,
        landed.parse_error,
        {{ cleaned('landed.contract_id') }} as contract_id,
        {{ cleaned('landed.org_name') }} as org_name,
        coalesce(
            {{ cleaned('landed.billing_account_id') }}, landed.org_id
        ) as billing_account_id,
        {{ cleaned('landed.region') }} as region,
        lower({{ cleaned('landed.license_model') }}) as license_model,
        billing_option_names.billing_option,
        currencies.currency,
        {{ utc_date('landed.effective_date') }} as effective_date,
        {{ exclusive_end_date('landed.ramp_end_date') }} as ramp_end_date,
        {{ exclusive_end_date('landed.term_end_date') }} as term_end_date,
        lower(
            coalesce({{ cleaned('landed.hourly_model') }}, 'logged_in')
        ) as hourly_model,
        lower(
            coalesce({{ cleaned('landed.peak_rule') }}, 'sustained')
        ) as peak_rule,
        lower(
            coalesce({{ cleaned('landed.ramp_license_billing') }}, 'waived')
        ) as ramp_license_billing,
        lower(
            coalesce(
                {{ cleaned('landed.ramp_resource_billing') }},
                {{ cleaned('landed.ramp_license_billing') }},
                'waived'
            )
        ) as ramp_resource_billing,
        try_cast(
            coalesce({{ cleaned('landed.payment_terms_days') }}, '30') as smallint
        ) as payment_terms_days,
        upper({{ cleaned('landed.tax_jurisdiction') }}) as tax_jurisdiction,
        lower(
            coalesce({{ cleaned('landed.messaging_pricing_model') }}, 'per_conversation')
        ) as messaging_pricing_model,
        try_cast(
            {{ cleaned('landed.minimum_monthly_amount') }} as decimal(28, 10)
        ) as minimum_monthly_amount,
        landed.as_landed
    from landed
    left join billing_option_names
        on
            lower(trim(landed.billing_option))
            = billing_option_names.name
    left join currencies
        on upper(trim(landed.currency)) = currencies.currency

),

judged as (

    select
        *,
        case
            when parse_error is not null then parse_error
            when
                contract_id is null
                or license_model is null
                or {{ cleaned('as_landed.billing_option') }} is null
                or {{ cleaned('as_landed.currency') }} is null
                or {{ cleaned('as_landed.effective_date') }} is null
                then 'missing_value'
            when
                effective_date is null
                -- Another century is a typing error, and would be cycles without end.
                or extract('year' from effective_date) not between 1970 and 2099
                or (
                    ramp_end_date is null
                    and {{ cleaned('as_landed.ramp_end_date') }} is not null
                )
                or (
                    term_end_date is null
                    and {{ cleaned('as_landed.term_end_date') }} is not null
                )
                then 'not_a_timestamp'
            when
                payment_terms_days is null
                or (
                    minimum_monthly_amount is null
                    and {{ cleaned('as_landed.minimum_monthly_amount') }} is not null
                )
                then 'not_a_number'
            when
                billing_option is null
                or currency is null
                or license_model not in ('named', 'concurrent', 'hourly')
                or hourly_model not in ('logged_in', 'interacting')
                or peak_rule not in (
                    'sustained', 'accumulated', 'accumulated_exact'
                )
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
        end as row_reject_reason
    from typed

),

latest_per_contract as (

    select
        * exclude (row_reject_reason),
        row_reject_reason as reject_reason,
        {{ row_status(['contract_id'], reason='row_reject_reason') }} as key_status
    from judged

),

-- One contract is in force at any instant: of two that start on one day, the later landing.
without_overlap as (

    select
        * exclude (reject_reason, key_status),
        key_status = 'accepted' and row_number() over (
            partition by key_status = 'accepted', org_id, effective_date
            order by landed_at desc, source_row desc
        ) > 1 as is_overlapping,
        case
            when is_overlapping then 'overlapping_contract' else reject_reason
        end as reject_reason,
        case when is_overlapping then 'rejected' else key_status end as row_status
    from latest_per_contract

),

-- An organization has one currency: lines of two contracts can share an invoice.
settled as (

    select
        * exclude (reject_reason, row_status),
        row_status = 'accepted' and currency <> first_value(currency) over (
            partition by row_status = 'accepted', org_id
            order by effective_date
        ) as is_other_currency,
        case
            when is_other_currency then 'currency_mismatch' else reject_reason
        end as reject_reason,
        case when is_other_currency then 'rejected' else row_status end as row_status
    from without_overlap

)

select
    org_id,
    file_id,
    source_file,
    source_row,
    landed_at,
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
    ramp_license_billing,
    ramp_resource_billing,
    payment_terms_days,
    tax_jurisdiction,
    minimum_monthly_amount,
    messaging_pricing_model,
    reject_reason,
    row_status
from settled
