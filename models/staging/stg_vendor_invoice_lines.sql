with

landed as (

    select
        *,
        lake_rows as as_landed
    from {{ source('lake', 'vendor_invoice_lines') }} as lake_rows

),

-- A vendor invoice is replaced as a whole by the latest file that holds its number.
typed as (

    select
        landed.org_id,
        landed.file_id,
        landed.source_file,
        landed.source_row,
        landed.landed_at,
        landed.parse_error,
        {{ cleaned('landed.invoice_number') }} as invoice_number,
        {{ utc_date('landed.invoice_date') }} as invoice_date,
        {{ utc_date('landed.service_period_start') }} as service_period_start,
        {{ exclusive_end_date('landed.service_period_end') }} as service_period_end,
        {{ cleaned('landed.description') }} as description,
        try_cast(
            {{ cleaned('landed.qty') }} as decimal(24, 6)
        )::decimal(38, 6) as quantity,
        try_cast({{ cleaned('landed.rate') }} as decimal(28, 10)) as unit_price,
        try_cast(
            {{ cleaned('landed.amount') }} as decimal(18, 4)
        )::decimal(28, 4) as amount,
        upper({{ cleaned('landed.currency') }}) as currency,
        {{ cleaned('landed.section') }} as section,
        max(landed.landed_at) over (
            partition by landed.org_id, {{ cleaned('landed.invoice_number') }}
        ) as invoice_landed_at,
        landed.as_landed
    from landed

),

judged as (

    select
        *,
        case
            when parse_error is not null then parse_error
            when
                invoice_number is null
                or {{ cleaned('as_landed.invoice_date') }} is null
                or description is null
                or {{ cleaned('as_landed.amount') }} is null
                then 'missing_value'
            when
                invoice_date is null
                or extract('year' from invoice_date) not between 1970 and 2099
                or (
                    service_period_start is null
                    and {{ cleaned('as_landed.service_period_start') }} is not null
                )
                or (
                    service_period_end is null
                    and {{ cleaned('as_landed.service_period_end') }} is not null
                )
                then 'not_a_timestamp'
            when
                amount is null
                or (
                    quantity is null
                    and {{ cleaned('as_landed.qty') }} is not null
                )
                or (
                    unit_price is null
                    and {{ cleaned('as_landed.rate') }} is not null
                )
                then 'not_a_number'
            when
                service_period_end < service_period_start then 'end_before_start'
        end as reject_reason
    from typed

)

select
    org_id,
    file_id,
    source_file,
    source_row,
    landed_at,
    invoice_number,
    invoice_date,
    service_period_start,
    service_period_end,
    description,
    quantity,
    unit_price,
    amount,
    currency,
    section,
    reject_reason,
    case
        when reject_reason is not null then 'rejected'
        when landed_at = invoice_landed_at then 'accepted'
        else 'duplicate'
    end as row_status
from judged
