select
    'organizations' as mart,
    count(*) as rows_count
from marts.organizations
union all
select
    'invoices' as mart,
    count(*) as rows_count
from marts.invoices
union all
select
    'rejected_rows' as mart,
    count(*) as rows_count
from marts.rejected_rows
union all
select
    'retired_rows' as mart,
    count(*) as rows_count
from marts.rejected_rows
where is_retired
