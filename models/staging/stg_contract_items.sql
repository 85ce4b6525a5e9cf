with

landed as (

    {{ landed_rows('contract_items') }}

),

-- No contract prices these: a meter takes tokens, a designation says how a user is counted,
-- the minimum is a column of the contract.
product_names as (

    select * from {{ ref('product_names') }}
    where kind not in ('token_meter', 'designation', 'minimum')

),

typed as (

    select
        {{ provenance() }},
        landed.contract_id,
        coalesce(
            product_names.product_code,
            {{ patterned_product('landed.product_code', [
                'sms_class_', 'number_mrc_', 'number_nrc_', 'conversation_'
            ]) }}
        ) as product_code,
        try_cast(coalesce(landed.committed_quantity, '0') as decimal(15, 6))::decimal(38, 6)
            as committed_quantity,
        try_cast(landed.prepay_rate as decimal(18, 10))::decimal(28, 10) as prepay_rate,
        try_cast(landed.overage_rate as decimal(18, 10))::decimal(28, 10) as overage_rate,
        {{ utc_date('landed.effective_from') }} as effective_from,
        {{ exclusive_end_date('landed.effective_to') }} as effective_to
    from landed
    left join product_names
        on {{ product_name_key('landed.product_code') }} = product_names.name_key

),

checked as (

    select
        * exclude (raw, parse_error),
        case
            when parse_error is not null then parse_error
            when
                {{ missing(['contract_id', 'product_code']) }}
                or (committed_quantity > 0 and {{ missing(['prepay_rate']) }})
                then 'missing_value'
            when {{ unreadable(['effective_from', 'effective_to']) }} then 'not_a_timestamp'
            when {{ unreadable(
                ['committed_quantity', 'prepay_rate', 'overage_rate']
            ) }} then 'not_a_number'
            when product_code is null then 'unknown_product'
            when
                committed_quantity < 0 or prepay_rate < 0 or overage_rate < 0
                then 'negative_quantity'
            when effective_to < effective_from then 'end_before_start'
        end as reject_reason
    from typed

)

select
    *,
    {{ row_status(['contract_id', 'product_code', 'effective_from']) }} as row_status
from checked
