select
    organizations.org_id,
    organizations.org_name,
    organizations.currency,
    organizations.license_model,
    coalesce(currencies.minor_units, 2) as minor_units
from marts.organizations
left join reference.currencies using (currency)
order by organizations.org_id
