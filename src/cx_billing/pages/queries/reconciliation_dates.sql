with

dates as (

    select
        unnest([invoice_date, expected_invoice_date]) as invoice_date,
        true as is_reconciled,
        invoice_number is not null as is_invoiced,
        false as is_accruing
    from marts.invoice_reconciliation
    where org_id = $org_id
    union all
    select
        invoice_date,
        false as is_reconciled,
        false as is_invoiced,
        invoice_status = 'accruing' as is_accruing
    from marts.invoices
    where org_id = $org_id

)

select
    invoice_date,
    bool_or(is_reconciled) as is_reconciled,
    bool_or(is_invoiced) as is_invoiced,
    bool_or(is_accruing) as is_accruing
from dates
group by invoice_date
order by invoice_date
