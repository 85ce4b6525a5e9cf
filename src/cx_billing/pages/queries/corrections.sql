-- What corrects sealed invoices, and on which invoices, of one organization or of all.
select
    invoice_lines.org_id,
    invoice_lines.corrected_invoice_date,
    invoice_lines.invoice_date,
    invoice_lines.invoice_status,
    count(*) as lines_count,
    sum(invoice_lines.amount) as amount,
    invoice_lines.currency,
    currencies.minor_units
from marts.invoice_lines
inner join reference.currencies using (currency)
where
    invoice_lines.charge_type = 'correction'
    and ($org_id is null or invoice_lines.org_id = $org_id)
group by all
order by
    invoice_lines.org_id,
    invoice_lines.corrected_invoice_date,
    invoice_lines.invoice_date
