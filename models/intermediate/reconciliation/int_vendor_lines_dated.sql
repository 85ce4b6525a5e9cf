with

vendor_lines as (

    select * from {{ ref('int_vendor_lines') }}

),

expected_lines as (

    select distinct
        org_id,
        match_code,
        is_prepay,
        service_period_start,
        service_period_end
    from {{ ref('int_expected_lines') }}

),

our_periods as (

    select
        org_id,
        service_period_start,
        service_period_end
    from expected_lines
    union
    select
        org_id,
        cycle_start_date,
        cycle_end_date
    from {{ ref('int_cycles') }}

),

-- A vendor period that names its last day ends the day after, if only that makes it the
-- period of a line of ours of its product, else if only that makes it a period of ours.
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
    left join expected_lines as as_stated
        on
            vendor_lines.org_id = as_stated.org_id
            and vendor_lines.match_code = as_stated.match_code
            and vendor_lines.is_prepay = as_stated.is_prepay
            and vendor_lines.service_period_start = as_stated.service_period_start
            and vendor_lines.service_period_end = as_stated.service_period_end
    left join expected_lines as a_day_longer
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

select * from dated
