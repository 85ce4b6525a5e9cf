with

landed as (

    select
        *,
        lake_rows as as_landed
    from {{ source('lake', 'subscription_overview') }} as lake_rows

),

product_names as (

    select * from {{ ref('product_names') }}

),

-- A `fair-use` row is an allowance and a `rollup` row the total of others: neither is
-- usage, and no sum may hold them. The overview of a period is replaced as a whole.
typed as (

    select
        landed.org_id,
        landed.file_id,
        landed.source_file,
        landed.source_row,
        landed.landed_at,
        landed.parse_error,
        {{ utc_date('landed.billing_period_start_date') }} as period_start_date,
        {{ exclusive_end_date('landed.billing_period_end_date') }} as period_end_date,
        {{ cleaned('landed.name') }} as usage_name,
        product_names.product_code,
        {{ cleaned('landed.part_number') }} as part_number,
        lower({{ cleaned('landed.grouping') }}) as usage_group,
        case lower({{ cleaned('landed.grouping') }})
            when 'fair-use' then 'allowance'
            when 'rollup' then 'total'
            else 'usage'
        end as usage_kind,
        try_cast(
            {{ cleaned('landed.usage_quantity') }} as decimal(24, 6)
        )::decimal(38, 6) as usage_quantity,
        try_cast(
            {{ cleaned('landed.prepay_quantity') }} as decimal(24, 6)
        )::decimal(38, 6) as prepay_quantity,
        try_cast(
            {{ cleaned('landed.prepay_price') }} as decimal(18, 10)
        )::decimal(28, 10) as prepay_price,
        try_cast(
            {{ cleaned('landed.overage_price') }} as decimal(18, 10)
        )::decimal(28, 10) as overage_price,
        max(landed.landed_at) over (
            partition by
                landed.org_id, {{ utc_date('landed.billing_period_start_date') }}
        ) as period_landed_at,
        landed.as_landed
    from landed
    left join product_names
        on {{ product_name_key('landed.name') }} = product_names.name_key

),

judged as (

    select
        *,
        case
            when parse_error is not null then parse_error
            when
                usage_name is null
                or usage_group is null
                or {{ cleaned('as_landed.billing_period_start_date') }} is null
                or {{ cleaned('as_landed.billing_period_end_date') }} is null
                or (
                    usage_kind = 'usage'
                    and {{ cleaned('as_landed.usage_quantity') }} is null
                ) then 'missing_value'
            when
                period_start_date is null or period_end_date is null
                then 'not_a_timestamp'
            when
                (
                    usage_quantity is null
                    and {{ cleaned('as_landed.usage_quantity') }} is not null
                )
                or (
                    prepay_quantity is null
                    and {{ cleaned('as_landed.prepay_quantity') }} is not null
                )
                or (
                    prepay_price is null
                    and {{ cleaned('as_landed.prepay_price') }} is not null
                )
                or (
                    overage_price is null
                    and {{ cleaned('as_landed.overage_price') }} is not null
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
    period_start_date,
    period_end_date,
    usage_name,
    product_code,
    part_number,
    usage_group,
    usage_kind,
    usage_quantity,
    prepay_quantity,
    prepay_price,
    overage_price,
    reject_reason,
    case
        when reject_reason is not null then 'rejected'
        when landed_at = period_landed_at then 'accepted'
        else 'duplicate'
    end as row_status
from judged
