with

landed as (

    {{ landed_rows('billing_charges') }}

),

product_names as (

    select * from {{ ref('product_names') }}

),

-- The charges of a billing period are replaced as a whole by the latest file that has it.
typed as (

    select
        {{ provenance() }},
        landed.billing_period_id,
        {{ utc_date('landed.period_start') }} as period_start_date,
        {{ exclusive_end_date('landed.period_end') }} as period_end_date,
        landed.product as charge_name,
        product_names.product_code,
        try_cast(landed.actual_quantity as decimal(24, 6))::decimal(38, 6)
            as actual_quantity,
        try_cast(landed.overage_quantity as decimal(24, 6))::decimal(38, 6)
            as overage_quantity
    from landed
    left join product_names
        on {{ product_name_key('landed.product') }} = product_names.name_key

),

checked as (

    select
        * exclude (raw, parse_error),
        case
            when parse_error is not null then parse_error
            when {{ missing([
                'billing_period_id', 'product', 'period_start', 'period_end', 'actual_quantity'
            ]) }} then 'missing_value'
            when
                period_start_date is null or period_end_date is null
                then 'not_a_timestamp'
            when {{ unreadable(
                ['actual_quantity', 'overage_quantity']
            ) }} then 'not_a_number'
            when period_end_date < period_start_date then 'end_before_start'
        end as reject_reason
    from typed

)

select
    *,
    {{ row_status_by_file(['billing_period_id']) }} as row_status
from checked
