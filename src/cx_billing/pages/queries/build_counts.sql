select
    (select count(*) from marts.organizations) as organizations,
    (select count(*) from marts.invoices) as invoices,
    (select count(*) from marts.rejected_rows) as rejected_rows
