select org_id from marts.load_audit
union
select org_id from marts.organizations
except
select org_id from marts.invoices
order by org_id
