select
    org_id,
    parked_since,
    parked_reason
from marts.organizations
where is_parked and ($org_id is null or org_id = $org_id)
order by org_id
