with

-- The pool of all CX users is for information: each license bills its own.
peaks as (

    select * from {{ ref('concurrency_peaks') }}
    where is_billed_by_peak and pool <> 'cx_all'

),

cycles as (

    select * from {{ ref('int_cycles') }}

),

usage_split as (

    select * from {{ ref('int_usage_split') }}

),

-- What the vendor bills at the end of a period, whether or not in one line with what is
-- committed.
invoiced as (

    select
        org_id,
        product_code,
        service_period_start,
        service_period_end,
        invoiced_quantity
    from {{ ref('int_lines_compared') }}
    where is_invoiced and not is_prepay

),

invoiced_cycles as (

    select distinct
        org_id,
        service_period_start,
        service_period_end
    from invoiced

),

invoiced_quantities as (

    select
        org_id,
        product_code,
        service_period_start as cycle_start_date,
        sum(invoiced_quantity) as quantity
    from invoiced
    group by org_id, product_code, service_period_start

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
-- commits nothing, and if it waives licenses the vendor may leave them out (RAMP-01).
billed as (

    select
        readings.org_id,
        readings.cycle_start_date,
        readings.pool,
        readings.reading,
        readings.users_count,
        readings.reading = readings.peak_rule as is_contract_rule,
        coalesce(usage_split.committed_quantity, 0) as paid_quantity,
        greatest(readings.users_count - paid_quantity, 0)
        + if(cycles.billing_option = 'month_to_month', paid_quantity, 0)
            as billable_quantity,
        cycles.phase = 'ramp'
        and cycles.ramp_license_billing = 'waived' as is_waived,
        cycles.cycle_end_date
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

),

-- A product that the vendor's invoice of the cycle does not have is billed at none.
compared as (

    select
        billed.*,
        case
            when invoiced_quantities.org_id is not null then invoiced_quantities.quantity
            when invoiced_cycles.org_id is not null and not billed.is_waived then 0
        end as invoiced_quantity
    from billed
    left join invoiced_cycles
        on
            billed.org_id = invoiced_cycles.org_id
            and billed.cycle_start_date = invoiced_cycles.service_period_start
            and billed.cycle_end_date = invoiced_cycles.service_period_end
    left join invoiced_quantities
        on
            billed.org_id = invoiced_quantities.org_id
            and billed.pool = invoiced_quantities.product_code
            and billed.cycle_start_date = invoiced_quantities.cycle_start_date

)

select
    org_id,
    cycle_start_date,
    pool,
    reading,
    users_count,
    is_contract_rule,
    paid_quantity::decimal(38, 6) as committed_quantity,
    billable_quantity::decimal(38, 6) as billable_quantity,
    invoiced_quantity::decimal(38, 6) as invoiced_quantity,
    billable_quantity = invoiced_quantity as is_invoiced
from compared
