-- Conversations of a cycle and platform = those billed per conversation + those that tokens
-- pay for, which are shown as unbilled (CONV-09, X12).
{{ config(group='billing') }}
with

counted as (

    select
        org_id,
        cycle_start_date,
        'conversation_' || platform as product_code,
        count(*) as quantity
    from {{ ref('conversations') }}
    group by org_id, cycle_start_date, platform

),

accounted as (

    select
        org_id,
        cycle_start_date,
        product_code,
        sum(quantity) as quantity
    from (
        select
            org_id,
            cycle_start_date,
            product_code,
            measured_quantity as quantity
        from {{ ref('int_usage_by_cycle') }}
        where usage_area = 'conversations'
        union all
        select
            org_id,
            cycle_start_date,
            product_code,
            quantity
        from {{ ref('unbilled_usage') }}
        where
            starts_with(product_code, 'conversation_')
            and reason = 'not_billable_service'
            and unit_of_measure = 'conversation'
    ) as both_kinds
    group by org_id, cycle_start_date, product_code

)

select
    coalesce(counted.org_id, accounted.org_id) as org_id,
    coalesce(counted.cycle_start_date, accounted.cycle_start_date) as cycle_start_date,
    coalesce(counted.product_code, accounted.product_code) as product_code,
    counted.quantity as counted_conversations,
    accounted.quantity as accounted_conversations
from counted
full outer join accounted
    on
        counted.org_id = accounted.org_id
        and counted.cycle_start_date = accounted.cycle_start_date
        and counted.product_code = accounted.product_code
where counted.quantity is distinct from accounted.quantity
