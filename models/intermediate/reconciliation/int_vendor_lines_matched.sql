with

vendor_lines as (

    select * from {{ ref('int_vendor_lines_dated') }}

),

matched as (

    select * from {{ ref('int_line_matches') }}

)

-- With the line of ours it is held against, which the parts of a telco row (U.S.,
-- International) share: each knows the sum of them and of those before it.
select
    vendor_lines.org_id,
    vendor_lines.vendor_line_id,
    matched.expected_line_id,
    vendor_lines.invoice_number,
    vendor_lines.invoice_date,
    vendor_lines.service_period_start,
    vendor_lines.service_period_end,
    vendor_lines.description,
    vendor_lines.product_code,
    vendor_lines.match_code,
    vendor_lines.charge_type,
    vendor_lines.kind,
    vendor_lines.is_prepay,
    vendor_lines.breakout,
    vendor_lines.quantity,
    vendor_lines.unit_price,
    vendor_lines.amount,
    vendor_lines.currency,
    vendor_lines.kind = 'call' and row_number() over part_order < count(*) over parts
        as is_earlier_part,
    vendor_lines.kind = 'call'
    and count(*) over parts = 2
    and count(distinct vendor_lines.breakout) over parts = 2 as is_split,
    sum(vendor_lines.amount) over parts as key_amount,
    coalesce(
        sum(vendor_lines.amount) over (
            part_order rows between unbounded preceding and 1 preceding
        ),
        0
    ) as earlier_amount,
    coalesce(
        sum(vendor_lines.quantity) over (
            part_order rows between unbounded preceding and 1 preceding
        ),
        0
    ) as earlier_quantity
from vendor_lines
left join matched
    on vendor_lines.vendor_line_id = matched.vendor_line_id
window
    parts as (
        partition by
            vendor_lines.org_id,
            vendor_lines.match_code,
            vendor_lines.is_prepay,
            vendor_lines.service_period_start,
            vendor_lines.service_period_end
    ),
    part_order as (
        partition by
            vendor_lines.org_id,
            vendor_lines.match_code,
            vendor_lines.is_prepay,
            vendor_lines.service_period_start,
            vendor_lines.service_period_end
        order by
            coalesce(vendor_lines.breakout = 'international', false),
            vendor_lines.unit_price,
            vendor_lines.amount,
            vendor_lines.vendor_line_id
    )
