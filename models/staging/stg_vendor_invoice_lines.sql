with

landed as (

    {{ landed_rows('vendor_invoice_lines') }}

),

-- A vendor invoice is replaced as a whole by the latest file that holds its number.
typed as (

    select
        {{ provenance() }},
        landed.invoice_number,
        {{ utc_date('landed.invoice_date') }} as invoice_date,
        {{ utc_date('landed.service_period_start') }} as service_period_start,
        {{ exclusive_end_date('landed.service_period_end') }} as service_period_end,
        landed.description,
        try_cast(landed.qty as decimal(24, 6))::decimal(38, 6) as quantity,
        try_cast(landed.rate as decimal(28, 10)) as unit_price,
        try_cast(landed.amount as decimal(18, 4))::decimal(28, 4) as amount,
        upper(landed.currency) as currency,
        landed.section
    from landed

),

checked as (

    select
        * exclude (raw, parse_error),
        case
            when parse_error is not null then parse_error
            when {{ missing(['invoice_number', 'invoice_date', 'description', 'amount']) }}
                then 'missing_value'
            when
                invoice_date is null
                or extract('year' from invoice_date) not between 1970 and 2099
                or {{ unreadable(['service_period_start', 'service_period_end']) }}
                then 'not_a_timestamp'
            when {{ unreadable(
                {'amount': 'amount', 'quantity': 'qty', 'unit_price': 'rate'}
            ) }} then 'not_a_number'
            when service_period_end < service_period_start then 'end_before_start'
        end as reject_reason
    from typed

)

select
    *,
    {{ row_status_by_file(['invoice_number']) }} as row_status
from checked
