select
    organizations.org_id,
    organizations.org_name,
    organizations.currency,
    organizations.license_model,
    currencies.minor_units,
    organizations.is_parked
from marts.organizations
inner join reference.currencies using (currency)
order by organizations.org_id
