-- Why is this line on my invoice? One line, and beside it what was measured in its cycle,
-- what of it is included or committed, and what was left unbilled and why. Paste into
-- `duckdb <home>/cx_billing.duckdb`; take the id from marts.invoice_lines.
set variable line_id = 'northwind-support-2026-03-15/overage/ivr_minutes/2026-02-15';

with

line as (

    from marts.invoice_lines
    where invoice_line_id = getvariable('line_id')

),

unbilled as (

    select
        org_id,
        cycle_start_date,
        product_code,
        string_agg(reason || ' ' || quantity, ', ' order by reason) as unbilled
    from marts.unbilled_usage
    group by all

)

select
    line.invoice_id,
    line.description,
    line.charge_type,
    line.service_period_start,
    line.service_period_end,
    cycles.phase,
    organizations.license_model,
    organizations.billing_option,
    usage.actual_quantity as measured_quantity,
    resources.included_quantity,
    usage.committed_quantity,
    unbilled.unbilled,
    line.quantity,
    line.unit_of_measure,
    line.unit_price,
    line.amount,
    line.currency,
    line.waiver_reason
from line
inner join marts.organizations as organizations using (org_id)
left join marts.billing_cycles as cycles
    on
        line.org_id = cycles.org_id
        and line.service_period_start = cycles.cycle_start_date
        and cycles.clock = 'core'
left join marts.usage_summary as usage
    on
        line.org_id = usage.org_id
        and line.service_period_start = usage.cycle_start_date
        and line.product_code = usage.product_code
left join marts.resource_usage as resources
    on
        line.org_id = resources.org_id
        and line.service_period_start = resources.cycle_start_date
        and line.product_code = resources.product_code
left join unbilled
    on
        line.org_id = unbilled.org_id
        and line.service_period_start = unbilled.cycle_start_date
        and line.product_code = unbilled.product_code;
