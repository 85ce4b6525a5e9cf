with

sections as (

    pivot marts.invoice_lines
    on
        section in (
            'core_services', 'core_services_prepay', 'resources', 'devices', 'telco',
            'one_time', 'taxes_and_fees'
        )
    using sum(amount)
    group by invoice_id

)

select
    invoices.org_id,
    invoices.invoice_date,
    invoices.invoice_status,
    invoices.currency,
    invoices.total_amount,
    sections.*,
    coalesce(currencies.minor_units, 2) as minor_units
from marts.invoices
left join sections using (invoice_id)
inner join marts.organizations using (org_id)
left join reference.currencies on organizations.currency = currencies.currency
where $org_id is null or invoices.org_id = $org_id
order by invoices.org_id, invoices.invoice_date
