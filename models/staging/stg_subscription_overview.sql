with

landed as (

    {{ landed_rows(
        'subscription_overview',
        numbers=['usage_quantity', 'prepay_quantity', 'prepay_price', 'overage_price'],
        dates=['billing_period_start_date', 'billing_period_end_date']
    ) }}

),

product_names as (

    select * from {{ ref('product_names') }}

),

-- A `rollup` row is the total of a product and `rollup-usage` rows are its parts, a
-- `fair-use` row is an allowance: no sum may hold any of them. The overview of a period
-- is replaced as a whole.
typed as (

    select
        {{ provenance() }},
        {{ utc_date('landed.billing_period_start_date') }} as period_start_date,
        {{ exclusive_end_date('landed.billing_period_end_date') }} as period_end_date,
        landed.name as usage_name,
        {{ product_named() }} as product_code,
        landed.part_number,
        lower(landed.grouping) as usage_group,
        case lower(landed.grouping)
            when 'fair-use' then 'allowance'
            when 'rollup' then 'total'
            when 'rollup-usage' then 'part'
            else 'usage'
        end as usage_kind,
        try_cast(landed.usage_quantity as decimal(24, 6))::decimal(38, 6) as usage_quantity,
        try_cast(landed.prepay_quantity as decimal(24, 6))::decimal(38, 6)
            as prepay_quantity,
        try_cast(landed.prepay_price as decimal(18, 10))::decimal(28, 10) as prepay_price,
        try_cast(landed.overage_price as decimal(18, 10))::decimal(28, 10) as overage_price
    from landed
    {{ join_product_names('landed.name') }}

),

checked as (

    select
        * exclude (raw, parse_error),
        {{ rejection([
            ('missing_value', missing([
                'name', 'grouping', 'billing_period_start_date', 'billing_period_end_date'
            ])),
            ('missing_value', {
                'usage_quantity': "usage_kind = 'usage' and raw.usage_quantity is null"
            }),
            ('not_a_timestamp', unreadable({
                'period_start_date': 'billing_period_start_date',
                'period_end_date': 'billing_period_end_date',
            })),
            ('not_a_number', unreadable(
                ['usage_quantity', 'prepay_quantity', 'prepay_price', 'overage_price']
            )),
            ('end_before_start', {
                'billing_period_end_date': 'period_end_date < period_start_date'
            }),
        ]) }}
    from typed

),

settled as (

    select
        *,
        {{ row_status_by_file(['period_start_date']) }} as row_status
    from checked

)

-- A product's own figure: its total if it has one, else its usage. The total of what is no
-- product of ours is none.
select
    *,
    case
        when usage_kind = 'total' then product_code is not null
        when usage_kind = 'usage'
            then not coalesce(
                bool_or(usage_kind = 'total') over (
                    partition by org_id, period_start_date, product_code, row_status
                ),
                false
            ) or product_code is null
        else false
    end as is_product_figure
from settled
