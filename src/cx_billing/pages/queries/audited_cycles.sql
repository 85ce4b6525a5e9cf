-- What is found about the calls, the numbers and the devices of each cycle that has any.
with

found as (

    select
        org_id,
        cycle_start_date,
        'voice' as clock,
        0 as call_findings_count
    from marts.telco_reconciliation
    union all
    select
        org_id,
        cycle_start_date,
        'voice' as clock,
        1 as call_findings_count
    from marts.call_audit

),

counted as (

    select
        found.org_id,
        found.cycle_start_date,
        found.call_findings_count,
        null as inventory_findings_count
    from found
    inner join marts.billing_cycles using (org_id, clock, cycle_start_date)
    union all
    select
        org_id,
        cycle_start_date,
        null as call_findings_count,
        if(finding in ('billed_as_held', 'use_not_known'), 0, 1) as inventory_findings_count
    from marts.inventory_audit

)

select
    org_id,
    cycle_start_date,
    sum(call_findings_count)::bigint as call_findings_count,
    sum(inventory_findings_count)::bigint as inventory_findings_count
from counted
where $org_id is null or org_id = $org_id
group by org_id, cycle_start_date
order by org_id, cycle_start_date
