with

vendor_lines as (

    select * from {{ ref('int_vendor_lines') }}

),

-- A total of the file whose lines count.
wrong_totals as (

    select
        totals.org_id,
        totals.invoice_number,
        list({
            'source_row': totals.source_row,
            'description': totals.description,
            'amount': totals.amount
        } order by totals.source_row) as wrong_totals
    from {{ ref('stg_vendor_invoice_lines') }} as totals
    semi join vendor_lines
        on
            totals.org_id = vendor_lines.org_id
            and totals.invoice_number = vendor_lines.invoice_number
            and totals.file_id = vendor_lines.file_id
    where totals.reject_reason = 'total_differs'
    group by totals.org_id, totals.invoice_number

),

invoices as (

    select
        org_id,
        invoice_number,
        min(invoice_date) as invoice_date,
        min(currency) as currency,
        min(other_currency) as other_currency,
        min(other_numbers) as other_numbers,
        sum(amount) as lines_total
    from vendor_lines
    group by org_id, invoice_number

)

select
    invoices.*,
    coalesce(currencies.minor_units, 2) as minor_units,
    wrong_totals.wrong_totals
from invoices
left join {{ ref('currencies') }} as currencies
    on invoices.currency = currencies.currency
left join wrong_totals
    on
        invoices.org_id = wrong_totals.org_id
        and invoices.invoice_number = wrong_totals.invoice_number
