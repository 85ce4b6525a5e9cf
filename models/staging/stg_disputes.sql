with

landed as (

    {{ landed_rows('disputes', numbers=['amount'], dates=['event_date']) }}

),

product_names as (

    select * from {{ ref('product_names') }}

),

typed as (

    select
        {{ provenance() }},
        {{ masked_document('landed.invoice_number') }} as invoice_number,
        case
            when
                lower(landed.event)
                in ('opened', 'sent', 'accepted', 'refused', 'credited')
                then lower(landed.event)
        end as event_name,
        {{ utc_date('landed.event_date') }} as event_date,
        landed.recorded_by,
        try_cast(landed.amount as decimal(28, 4)) as amount,
        {{ product_named() }} as product_code,
        landed.note
    from landed
    {{ join_product_names('landed.product_code') }}

),

checked as (

    select
        * exclude (raw, parse_error),
        {{ rejection([
            ('missing_value', missing(['invoice_number', 'event', 'event_date'])),
            ('not_a_timestamp', unreadable(['event_date'])),
            ('not_a_number', unreadable(['amount'])),
            ('unknown_value', {'event': (
                'event_name is null',
                'opened, sent, accepted, refused or credited'
            )}),
            ('unknown_product', {
                'product_code': 'raw.product_code is not null and product_code is null'
            }),
            ('negative_quantity', {'amount': 'amount < 0'}),
        ]) }}
    from typed

)

select
    *,
    {{ row_status([
        'invoice_number', 'event_name', 'event_date', 'product_code', 'amount',
        'recorded_by', 'note'
    ]) }} as row_status
from checked
