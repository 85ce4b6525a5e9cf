with

landed as (

    select
        *,
        lake_rows as as_landed
    from {{ source('lake', 'contract_items') }} as lake_rows

),

product_names as (

    select * from {{ ref('product_names') }}

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
        coalesce(
            product_names.product_code,
            {{ patterned_product('landed.product_code', [
                'sms_class_', 'number_mrc_', 'number_nrc_', 'conversation_'
            ]) }}
        ) as product_code,
        try_cast(
            coalesce({{ cleaned('landed.committed_quantity') }}, '0')
            as decimal(15, 6)
        )::decimal(38, 6) as committed_quantity,
        try_cast(
            {{ cleaned('landed.prepay_rate') }} as decimal(18, 10)
        )::decimal(28, 10) as prepay_rate,
        try_cast(
            {{ cleaned('landed.overage_rate') }} as decimal(18, 10)
        )::decimal(28, 10) as overage_rate,
        {{ utc_date('landed.effective_from') }} as effective_from,
        {{ exclusive_end_date('landed.effective_to') }} as effective_to,
        landed.as_landed
    from landed
    left join product_names
        on
            {{ product_name_key('landed.product_code') }}
            = product_names.name_key
            -- No contract prices these: a meter takes tokens, a designation says how a user
            -- is counted, the minimum is a column of the contract.
            and product_names.kind not in ('token_meter', 'designation', 'minimum')

),

judged as (

    select
        *,
        case
            when parse_error is not null then parse_error
            when
                contract_id is null
                or {{ cleaned('as_landed.product_code') }} is null
                or (
                    committed_quantity > 0
                    and {{ cleaned('as_landed.prepay_rate') }} is null
                )
                then 'missing_value'
            when
                (
                    effective_from is null
                    and {{ cleaned('as_landed.effective_from') }} is not null
                )
                or (
                    effective_to is null
                    and {{ cleaned('as_landed.effective_to') }} is not null
                )
                then 'not_a_timestamp'
            when
                committed_quantity is null
                or (
                    prepay_rate is null
                    and {{ cleaned('as_landed.prepay_rate') }} is not null
                )
                or (
                    overage_rate is null
                    and {{ cleaned('as_landed.overage_rate') }} is not null
                )
                then 'not_a_number'
            when product_code is null then 'unknown_product'
            when
                committed_quantity < 0 or prepay_rate < 0 or overage_rate < 0
                then 'negative_quantity'
            when effective_to < effective_from then 'end_before_start'
        end as reject_reason
    from typed

),

settled as (

    select
        org_id,
        file_id,
        source_file,
        source_row,
        landed_at,
        contract_id,
        product_code,
        committed_quantity,
        prepay_rate,
        overage_rate,
        effective_from,
        effective_to,
        reject_reason,
        {{ row_status(['contract_id', 'product_code', 'effective_from']) }} as row_status
    from judged

)

select * from settled
