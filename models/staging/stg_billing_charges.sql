with

landed as (

    select
        *,
        lake_rows as as_landed
    from {{ source('lake', 'billing_charges') }} as lake_rows

),

product_names as (

    select * from {{ ref('product_names') }}

),

-- The charges of a billing period are replaced as a whole by the latest file that has it.
typed as (

    select
        landed.org_id,
        landed.file_id,
        landed.source_file,
        landed.source_row,
        landed.landed_at,
        landed.parse_error,
        {{ cleaned('landed.billing_period_id') }} as billing_period_id,
        {{ utc_date('landed.period_start') }} as period_start_date,
        {{ exclusive_end_date('landed.period_end') }} as period_end_date,
        {{ cleaned('landed.product') }} as charge_name,
        product_names.product_code,
        try_cast(
            {{ cleaned('landed.actual_quantity') }} as decimal(24, 6)
        )::decimal(38, 6) as actual_quantity,
        try_cast(
            {{ cleaned('landed.overage_quantity') }} as decimal(24, 6)
        )::decimal(38, 6) as overage_quantity,
        max(landed.landed_at) over (
            partition by landed.org_id, {{ cleaned('landed.billing_period_id') }}
        ) as period_landed_at,
        landed.as_landed
    from landed
    left join product_names
        on {{ product_name_key('landed.product') }} = product_names.name_key

),

judged as (

    select
        *,
        case
            when parse_error is not null then parse_error
            when
                billing_period_id is null
                or charge_name is null
                or {{ cleaned('as_landed.period_start') }} is null
                or {{ cleaned('as_landed.period_end') }} is null
                or {{ cleaned('as_landed.actual_quantity') }} is null
                then 'missing_value'
            when
                period_start_date is null or period_end_date is null
                then 'not_a_timestamp'
            when
                actual_quantity is null
                or (
                    overage_quantity is null
                    and {{ cleaned('as_landed.overage_quantity') }} is not null
                )
                then 'not_a_number'
            when period_end_date < period_start_date then 'end_before_start'
        end as reject_reason
    from typed

)

select
    org_id,
    file_id,
    source_file,
    source_row,
    landed_at,
    billing_period_id,
    period_start_date,
    period_end_date,
    charge_name,
    product_code,
    actual_quantity,
    overage_quantity,
    reject_reason,
    case
        when reject_reason is not null then 'rejected'
        when landed_at = period_landed_at then 'accepted'
        else 'duplicate'
    end as row_status
from judged
