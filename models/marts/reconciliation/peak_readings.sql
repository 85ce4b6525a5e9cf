with

-- What the contract has no price for is not billed, such as the pool of all CX users.
peaks as (

    select
        peaks.*,
        contract_items.prepay_rate,
        contract_items.overage_rate
    from {{ ref('concurrency_peaks') }} as peaks
    inner join {{ ref('int_contract_items') }} as contract_items
        on
            peaks.org_id = contract_items.org_id
            and peaks.cycle_start_date = contract_items.cycle_start_date
            and peaks.pool = contract_items.product_code
    where peaks.is_billed_by_peak

),

cycles as (

    select * from {{ ref('int_cycles') }}

),

usage_split as (

    select * from {{ ref('int_usage_split') }}

),

-- The cycle that a printed line bills afterwards: that of the invoice of ours that its
-- number answers, unless its period is another one that was over (give or take a day, an
-- end that is the last day).
in_arrears as (

    select
        printed_lines.*,
        printed_lines.charge_type = 'prepay' as is_prepay,
        cycles.cycle_start_date
    from {{ ref('int_printed_lines') }} as printed_lines
    left join cycles
        on
            printed_lines.org_id = cycles.org_id
            and printed_lines.charge_type <> 'prepay'
            and cycles.cycle_end_date <= coalesce(
                printed_lines.expected_invoice_date, printed_lines.invoice_date
            )
            and if(
                printed_lines.service_period_start = printed_lines.service_period_end,
                printed_lines.expected_invoice_date = cycles.cycle_end_date,
                printed_lines.service_period_start <= cycles.cycle_start_date + 1
                and printed_lines.service_period_end >= cycles.cycle_end_date - 2
            )
    qualify
        row_number() over (
            partition by printed_lines.vendor_line_id
            order by cycles.cycle_start_date desc
        ) = 1

),

-- What is billed in advance belongs to the cycle of the rest of its invoice.
invoiced_by_cycle as (

    select
        * replace (
            if(
                is_prepay,
                max(cycle_start_date) over (partition by org_id, invoice_number),
                cycle_start_date
            ) as cycle_start_date
        )
    from in_arrears

),

invoiced as (

    select
        org_id,
        cycle_start_date,
        product_code,
        -- A credit has a negative amount, whatever sign its quantity has.
        sum(if(amount < 0, -abs(quantity), quantity)) as quantity,
        bool_or(quantity is null) as is_without_quantity
    from invoiced_by_cycle
    where not is_prepay and cycle_start_date is not null
    group by org_id, cycle_start_date, product_code

),

invoiced_cycles as (

    select
        org_id,
        cycle_start_date,
        bool_or(group_product = 'unknown' and not is_prepay) as has_unknown_product,
        bool_or(coalesce(kind in ('license', 'addon'), false)) as has_license
    from invoiced_by_cycle
    group by org_id, cycle_start_date

),

readings as (

    select
        peaks.*,
        named.reading,
        case named.reading
            when 'highest' then peaks.highest_users
            when 'sustained' then peaks.sustained_users
            when 'accumulated' then peaks.accumulated_users
            when 'accumulated_exact' then peaks.accumulated_exact_users
        end as users_count
    from peaks
    cross join unnest(
        ['highest', 'sustained', 'accumulated', 'accumulated_exact']
    ) as named (reading)

),

-- Without prepay the commitment is billed at the end of the cycle too (INV-01). The ramp
-- commits nothing, and if it waives licenses the vendor may leave them out (RAMP-01). Else
-- a license that an invoice of licenses does not have is billed at none.
compared as (

    select
        readings.*,
        coalesce(usage_split.committed_quantity, 0) as paid_quantity,
        greatest(readings.users_count - paid_quantity, 0) as above_quantity,
        above_quantity
        + if(cycles.billing_option = 'month_to_month', paid_quantity, 0)
            as billable_quantity,
        case
            when cycles.phase <> 'ramp' then readings.overage_rate
            when cycles.ramp_license_billing = 'waived' then 0
            else readings.prepay_rate
        end as overage_price,
        cycles.minor_units,
        invoiced.quantity,
        case
            when invoiced.is_without_quantity then 'no_quantity'
            when invoiced.org_id is not null then 'compared'
            when invoiced_cycles.org_id is null then 'no_invoice'
            when cycles.phase = 'ramp' and cycles.ramp_license_billing = 'waived'
                then 'waived'
            when invoiced_cycles.has_unknown_product then 'unknown_product'
            when not invoiced_cycles.has_license then 'no_license'
            else 'compared'
        end as comparison
    from readings
    inner join cycles
        on
            readings.org_id = cycles.org_id
            and readings.cycle_start_date = cycles.cycle_start_date
    left join usage_split
        on
            readings.org_id = usage_split.org_id
            and readings.cycle_start_date = usage_split.cycle_start_date
            and readings.pool = usage_split.product_code
    left join invoiced_cycles
        on
            readings.org_id = invoiced_cycles.org_id
            and readings.cycle_start_date = invoiced_cycles.cycle_start_date
    left join invoiced
        on
            readings.org_id = invoiced.org_id
            and readings.cycle_start_date = invoiced.cycle_start_date
            and readings.pool = invoiced.product_code

)

select
    org_id,
    cycle_start_date,
    pool,
    reading,
    users_count,
    reading = peak_rule as is_contract_rule,
    paid_quantity::decimal(38, 6) as committed_quantity,
    billable_quantity::decimal(38, 6) as billable_quantity,
    case when comparison = 'compared' then coalesce(quantity, 0) end::decimal(38, 6)
        as invoiced_quantity,
    case when comparison = 'compared' then billable_quantity = coalesce(quantity, 0) end
        as is_invoiced,
    comparison,
    {{ line_amount('above_quantity', 'overage_price', 'minor_units') }} as overage_amount,
    if(above_quantity > 0, overage_price, 0)::decimal(28, 10) as saved_price
from compared
