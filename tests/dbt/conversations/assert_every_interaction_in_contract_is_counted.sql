-- Accepted interactions that start before as-of and inside a contract = interactions
-- counted in the cycle they start in (CONV-02).
with

expected as (

    select
        interactions.org_id,
        count(*) as interactions_count
    from {{ ref('stg_message_interactions') }} as interactions
    inner join {{ ref('int_contracts') }} as contracts
        on
            interactions.org_id = contracts.org_id
            and interactions.started_at >= contracts.in_force_from
            and interactions.started_at < contracts.in_force_to
    cross join {{ ref('int_as_of') }} as build
    where
        interactions.row_status = 'accepted'
        and interactions.started_at < build.as_of_at
    group by interactions.org_id

),

counted as (

    select
        org_id,
        count(*) as interactions_count
    from {{ ref('int_interactions_by_cycle') }}
    where started_at >= cycle_start_at
    group by org_id

)

select
    coalesce(expected.org_id, counted.org_id) as org_id,
    expected.interactions_count as accepted_interactions,
    counted.interactions_count as counted_interactions
from expected
full outer join counted
    on expected.org_id = counted.org_id
where expected.interactions_count is distinct from counted.interactions_count
