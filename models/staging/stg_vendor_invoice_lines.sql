with

landed as (

    {{ landed_rows(
        'vendor_invoice_lines', numbers=['qty', 'rate', 'amount'],
        dates=['invoice_date', 'service_period_start', 'service_period_end'],
        currency='currency'
    ) }}

),

product_names as (

    select * from {{ ref('product_names') }}

),

typed as (

    select
        {{ provenance() }},
        {{ masked_document('landed.invoice_number') }} as invoice_number,
        {{ utc_date('landed.invoice_date') }} as invoice_date,
        {{ utc_date('landed.service_period_start') }} as service_period_start,
        {{ exclusive_end_date('landed.service_period_end') }} as service_period_end,
        landed.description,
        try_cast(landed.qty as decimal(24, 6))::decimal(38, 6) as quantity,
        try_cast(landed.rate as decimal(28, 10)) as unit_price,
        try_cast(landed.amount as decimal(18, 4))::decimal(28, 4) as amount,
        currencies.currency,
        landed.section,
        currencies.minor_units,
        {{ product_named() }} is not null as is_product,
        coalesce(own_names.kind, product_names.kind) as kind,
        coalesce({{ product_named() }}, {{ product_name_key('landed.description') }})
            as charged_for
    from landed
    {{ join_product_names('landed.description') }}
    left join {{ ref('currencies') }} as currencies
        on upper(landed.currency) = currencies.currency

),

judged as (

    {{ totals_of_lines('typed') }}

),

checked as (

    select
        * exclude (
            raw, parse_error, is_nothing_but_total, is_wrong_total, is_of_account
        ),
        {{ rejection([
            ('missing_value', missing(
                ['invoice_number', 'invoice_date', 'description', 'amount']
            )),
            ('not_a_timestamp', another_century(['invoice_date'])),
            ('not_a_timestamp', unreadable(
                ['invoice_date', 'service_period_start', 'service_period_end']
            )),
            ('unknown_value', unreadable(
                ['currency'], 'a currency code of ISO 4217, like USD'
            )),
            ('not_a_number', unreadable(
                {'amount': 'amount', 'quantity': 'qty', 'unit_price': 'rate'},
                'a number like 1234.56, 1,234.56 or -75.00, without unit and without the sign of '
                ~ 'another currency than that of the line; 1,234 could be two numbers'
            )),
            ('end_before_start', {
                'service_period_end': 'service_period_end < service_period_start'
            }),
            ('no_charge', {'description': 'is_of_account'}),
            ('total_differs', {'amount': 'is_wrong_total'}),
        ]) }}
    from judged

),

-- The latest file that holds a number replaces the whole invoice.
numbered as (

    select
        * exclude (is_total),
        if(
            is_total and reject_reason is null and withdrawn_at is null,
            'duplicate',
            {{ row_status_by_file(['invoice_number']) }}
        ) as row_status
    from checked

),

counted as (

    {{ same_invoices('numbered') }}

)

select
    numbered.* exclude (row_status),
    coalesce(counted.counted_number, numbered.invoice_number) as counted_number,
    case
        when counted.counted_number <> numbered.invoice_number then 'duplicate'
        else numbered.row_status
    end as row_status
from numbered
left join counted
    on
        numbered.org_id = counted.org_id
        and numbered.invoice_number = counted.invoice_number
        and numbered.row_status = 'accepted'
