with

vendor_lines as (

    select * from {{ ref('int_vendor_lines') }}

),

cycles as (

    select * from {{ ref('int_cycles') }}

),

-- The cycle that a line bills afterwards: that of its period, named by its last day or the
-- day after, if the invoice is of a later day; without a period the last that had ended.
dated as (

    select
        vendor_lines.*,
        cycles.cycle_start_date
    from vendor_lines
    left join cycles
        on
            vendor_lines.org_id = cycles.org_id
            and not vendor_lines.is_prepay
            and if(
                vendor_lines.service_period_start = vendor_lines.service_period_end,
                vendor_lines.invoice_date >= cycles.cycle_end_date
                and vendor_lines.invoice_date
                < cycles.cycle_end_date + cycles.days_in_month::integer,
                vendor_lines.service_period_start = cycles.cycle_start_date
                and vendor_lines.service_period_end
                between cycles.cycle_end_date - 1 and cycles.cycle_end_date
                and vendor_lines.invoice_date > cycles.cycle_start_date
            )
    qualify
        row_number() over (
            partition by vendor_lines.vendor_line_id
            order by cycles.cycle_start_date desc
        ) = 1

)

-- What is billed in advance belongs to the cycle of the rest of its invoice.
select
    org_id,
    vendor_line_id,
    coalesce(product_code, 'unclassified') as product_code,
    is_prepay,
    coalesce(kind in ('license', 'addon'), false) as is_license,
    quantity,
    amount,
    if(
        is_prepay,
        max(cycle_start_date) over (partition by org_id, invoice_number),
        cycle_start_date
    ) as cycle_start_date
from dated
