with

landed as (

    {{ landed_rows(
        'billing_charges',
        numbers=['actual_quantity', 'overage_quantity'],
        dates=['period_start', 'period_end']
    ) }}

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
        {{ product_named() }} as product_code,
        landed.wallet_id is not null as is_wallet,
        try_cast(landed.actual_quantity as decimal(24, 6))::decimal(38, 6)
            as actual_quantity,
        try_cast(landed.overage_quantity as decimal(24, 6))::decimal(38, 6)
            as overage_quantity
    from landed
    {{ join_product_names('landed.product') }}

),

checked as (

    select
        * exclude (raw, parse_error),
        {{ rejection([
            ('missing_value', missing([
                'billing_period_id', 'product', 'period_start', 'period_end', 'actual_quantity'
            ])),
            ('not_a_timestamp', unreadable(
                {'period_start_date': 'period_start', 'period_end_date': 'period_end'}
            )),
            ('not_a_number', unreadable(['actual_quantity', 'overage_quantity'])),
            ('end_before_start', {'period_end': 'period_end_date < period_start_date'}),
        ]) }}
    from typed

),

settled as (

    select
        *,
        {{ row_status_by_file(['billing_period_id']) }} as row_status
    from checked

)

-- What a wallet has paid for is all that was used of its product.
select
    *,
    is_wallet
    or product_code is null
    or not bool_or(is_wallet) over (
        partition by org_id, billing_period_id, product_code, row_status
    ) as is_product_figure
from settled
