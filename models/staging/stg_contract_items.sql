with

landed as (

    {{ landed_rows(
        'contract_items',
        numbers=['committed_quantity', 'prepay_rate', 'overage_rate', 'published_rate'],
        dates=['effective_from', 'effective_to']
    ) }}

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
        {{ masked_document('landed.contract_id') }} as contract_id,
        coalesce(
            {{ product_named() }},
            {{ patterned_product('landed.product_code', [
                'sms_class_', 'number_mrc_', 'number_nrc_', 'conversation_'
            ]) }}
        ) as product_code,
        try_cast(coalesce(landed.committed_quantity, '0') as decimal(15, 6))::decimal(38, 6)
            as committed_quantity,
        try_cast(landed.prepay_rate as decimal(18, 10))::decimal(28, 10) as prepay_rate,
        try_cast(landed.overage_rate as decimal(18, 10))::decimal(28, 10) as overage_rate,
        {{ utc_date('landed.effective_from') }} as effective_from,
        {{ exclusive_end_date('landed.effective_to') }} as effective_to,
        try_cast(landed.published_rate as decimal(18, 10))::decimal(28, 10)
            as published_rate
    from landed
    {{ join_product_names('landed.product_code') }}

),

checked as (

    select
        * exclude (raw, parse_error),
        {{ rejection([
            ('missing_value', missing(['contract_id', 'product_code'])),
            ('missing_value', {'prepay_rate': (
                'committed_quantity > 0 and raw.prepay_rate is null',
                'a price: where a quantity is committed, prepay_rate is needed'
            )}),
            ('not_a_timestamp', unreadable(['effective_from', 'effective_to'])),
            ('not_a_number', unreadable(
                ['committed_quantity', 'prepay_rate', 'overage_rate', 'published_rate']
            )),
            ('unknown_product', {'product_code': 'product_code is null'}),
            ('negative_quantity', {
                'committed_quantity': 'committed_quantity < 0',
                'prepay_rate': 'prepay_rate < 0',
                'overage_rate': 'overage_rate < 0',
                'published_rate': 'published_rate < 0',
            }),
            ('end_before_start', {'effective_to': 'effective_to < effective_from'}),
        ]) }}
    from typed

)

select
    *,
    {{ row_status(['contract_id', 'product_code', 'effective_from']) }} as row_status
from checked
