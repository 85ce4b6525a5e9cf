with

vendor_lines as (

    select * from {{ ref('int_vendor_lines') }}

),

invoice_lines as (

    select * from {{ ref('invoice_lines') }}
    where invoice_status = 'final'

),

products as (

    {{ products_by_organization('invoice_lines') }}

),

our_lines as (

    select distinct
        invoice_lines.org_id,
        coalesce(products.match_code, invoice_lines.product_code) as match_code,
        invoice_lines.charge_type = 'prepay' as is_prepay,
        invoice_lines.service_period_start,
        invoice_lines.service_period_end
    from invoice_lines
    left join products
        on
            invoice_lines.org_id = products.org_id
            and invoice_lines.product_code = products.product_code

),

our_periods as (

    select
        org_id,
        service_period_start,
        service_period_end
    from our_lines
    union
    select
        org_id,
        cycle_start_date,
        cycle_end_date
    from {{ ref('int_cycles') }}

),

-- Some vendor periods name their last day: they end the day after. A period is read so if
-- only then it is the period of one of our lines of that product, or else if only then it
-- is the period of any of our lines or cycles (CYC-03).
dated as (

    select
        vendor_lines.org_id,
        vendor_lines.vendor_line_id,
        vendor_lines.source_row,
        vendor_lines.invoice_number,
        vendor_lines.invoice_date,
        vendor_lines.service_period_start,
        case
            when as_stated.match_code is not null then vendor_lines.service_period_end
            when
                a_day_longer.match_code is not null
                or (
                    stated_periods.org_id is null and longer_periods.org_id is not null
                )
                then vendor_lines.service_period_end + 1
            else vendor_lines.service_period_end
        end as service_period_end,
        vendor_lines.description,
        vendor_lines.product_code,
        vendor_lines.match_code,
        vendor_lines.kind,
        vendor_lines.charge_type,
        vendor_lines.is_prepay,
        vendor_lines.breakout,
        vendor_lines.quantity,
        vendor_lines.unit_price,
        vendor_lines.amount,
        vendor_lines.currency
    from vendor_lines
    left join our_lines as as_stated
        on
            vendor_lines.org_id = as_stated.org_id
            and vendor_lines.match_code = as_stated.match_code
            and vendor_lines.is_prepay = as_stated.is_prepay
            and vendor_lines.service_period_start = as_stated.service_period_start
            and vendor_lines.service_period_end = as_stated.service_period_end
    left join our_lines as a_day_longer
        on
            vendor_lines.org_id = a_day_longer.org_id
            and vendor_lines.match_code = a_day_longer.match_code
            and vendor_lines.is_prepay = a_day_longer.is_prepay
            and vendor_lines.service_period_start = a_day_longer.service_period_start
            and vendor_lines.service_period_end + 1 = a_day_longer.service_period_end
    left join our_periods as stated_periods
        on
            vendor_lines.org_id = stated_periods.org_id
            and vendor_lines.service_period_start = stated_periods.service_period_start
            and vendor_lines.service_period_end = stated_periods.service_period_end
    left join our_periods as longer_periods
        on
            vendor_lines.org_id = longer_periods.org_id
            and vendor_lines.service_period_start = longer_periods.service_period_start
            and vendor_lines.service_period_end + 1 = longer_periods.service_period_end

)

-- The vendor may show a calling service in parts (U.S., International) that together are
-- one line of ours. Each part has the total and the sum of the parts before it (TELCO-02).
select
    *,
    kind = 'call' and row_number() over part_order < count(*) over parts
        as is_earlier_part,
    kind = 'call'
    and count(*) over parts = 2
    and count(distinct breakout) over parts = 2 as is_split,
    sum(amount) over parts as amount_of_all_parts,
    coalesce(sum(amount) over parts_before, 0) as amount_of_earlier_parts,
    coalesce(sum(quantity) over parts_before, 0) as quantity_of_earlier_parts
from dated
window
    parts as (
        partition by
            org_id, match_code, is_prepay, service_period_start, service_period_end
    ),
    part_order as (
        partition by
            org_id, match_code, is_prepay, service_period_start, service_period_end
        order by
            coalesce(breakout = 'international', false), unit_price, amount, vendor_line_id
    ),
    parts_before as (
        part_order rows between unbounded preceding and 1 preceding
    )
