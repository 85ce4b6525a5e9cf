-- Interactions of a cycle and platform = those of its conversations + those without a
-- customer account and of text messages, which are shown as unbilled (CONV-01, CONV-08).
with

counted as (

    select
        org_id,
        cycle_start_date,
        'conversation_' || platform as product_code,
        count(*) as interactions_count
    from {{ ref('int_interactions_by_cycle') }}
    group by org_id, cycle_start_date, platform

),

in_conversations as (

    select
        org_id,
        cycle_start_date,
        'conversation_' || platform as product_code,
        sum(interactions_count) as interactions_count
    from {{ ref('conversations') }}
    group by org_id, cycle_start_date, platform

),

unbilled as (

    select
        org_id,
        cycle_start_date,
        product_code,
        quantity as interactions_count
    from {{ ref('unbilled_usage') }}
    where unit_of_measure = 'interaction'

),

accounted as (

    select
        org_id,
        cycle_start_date,
        product_code,
        sum(interactions_count) as interactions_count
    from (
        select * from in_conversations
        union all
        select * from unbilled
    ) as both_kinds
    group by org_id, cycle_start_date, product_code

)

select
    coalesce(counted.org_id, accounted.org_id) as org_id,
    coalesce(counted.cycle_start_date, accounted.cycle_start_date) as cycle_start_date,
    coalesce(counted.product_code, accounted.product_code) as product_code,
    counted.interactions_count as counted_interactions,
    accounted.interactions_count as accounted_interactions
from counted
full outer join accounted
    on
        counted.org_id = accounted.org_id
        and counted.cycle_start_date = accounted.cycle_start_date
        and counted.product_code = accounted.product_code
where counted.interactions_count is distinct from accounted.interactions_count
