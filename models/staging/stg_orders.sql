with

landed as (

    {{ landed_rows(
        'orders',
        numbers=['quantity', 'unit_price'],
        dates=['ordered_date', 'shipped_date']
    ) }}

),

-- Calls, taxes and minimums follow from usage and contract: nobody orders them.
product_names as (

    select
        product_names.*,
        product_kinds.can_be_ordered
    from {{ ref('product_names') }} as product_names
    left join {{ ref('product_kinds') }} as product_kinds
        on product_names.kind = product_kinds.kind

),

typed as (

    select
        {{ provenance() }},
        {{ masked_document('landed.order_id') }} as order_id,
        coalesce(
            {{ product_named() }}, lower({{ masked_document('landed.product_code') }})
        ) as product_code,
        coalesce(own_names.can_be_ordered, product_names.can_be_ordered, true)
            as can_be_ordered,
        try_cast(landed.quantity as decimal(24, 12))::decimal(38, 12) as quantity,
        try_cast(landed.unit_price as decimal(18, 10))::decimal(28, 10) as unit_price,
        {{ utc_date('landed.ordered_date') }} as ordered_date,
        {{ utc_date('landed.shipped_date') }} as shipped_date,
        try_cast(coalesce(landed.is_hardware, 'false') as boolean) as is_hardware
    from landed
    {{ join_product_names('landed.product_code') }}

),

checked as (

    select
        * exclude (raw, parse_error),
        {{ rejection([
            ('missing_value', missing(
                ['order_id', 'product_code', 'quantity', 'unit_price', 'ordered_date']
            )),
            ('not_a_timestamp', unreadable(['ordered_date', 'shipped_date'])),
            ('not_a_number', unreadable(['quantity', 'unit_price'])),
            ('unknown_product', {
                'product_code': (
                    'not can_be_ordered',
                    'a product that is bought once; calls, taxes and minimums are not ordered'
                ),
            }),
            ('unknown_value', {'is_hardware': ('is_hardware is null', 'true or false')}),
            ('negative_quantity', {'quantity': 'quantity < 0'}),
        ]) }}
    from typed

)

select
    * exclude (can_be_ordered) replace (coalesce(is_hardware, false) as is_hardware),
    {{ row_status(['order_id']) }} as row_status
from checked
