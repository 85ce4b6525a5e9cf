select distinct inventory_audit.cycle_start_date
from marts.inventory_audit
where inventory_audit.org_id = $org_id
order by inventory_audit.cycle_start_date
