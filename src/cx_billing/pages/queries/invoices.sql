-- `section_amounts` maps the sections of an invoice to the sum of their lines.
with

section_amounts as (

    select
        invoice_id,
        section,
        sum(amount) as amount
    from marts.invoice_lines
    where $org_id is null or org_id = $org_id
    group by invoice_id, section

)

select
    invoices.org_id,
    invoices.invoice_id,
    invoices.invoice_date,
    invoices.invoice_status,
    invoices.is_covered,
    invoices.currency,
    invoices.total_amount,
    currencies.minor_units,
    map_from_entries(
        list(row(section_amounts.section, section_amounts.amount))
    ) as section_amounts
from section_amounts
inner join marts.invoices using (invoice_id)
inner join reference.currencies using (currency)
group by all
order by invoices.org_id, invoices.invoice_date
