-- How many lines of the vendor's invoices were rejected, by the number they were landed
-- with. Of a number that is masked only a part is there.
with

rejected as (

    select
        org_id,
        nullif(trim(raw_row ->> 'invoice_number'), '') as invoice_number
    from marts.rejected_rows
    where
        not is_retired
        and dataset = 'vendor_invoice_lines'
        and ($org_id is null or org_id = $org_id)

)

select
    org_id,
    invoice_number,
    count(*) as lines_count
from rejected
group by org_id, invoice_number
order by org_id, invoice_number
