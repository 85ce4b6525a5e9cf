with

vendor_lines as (

    select * from {{ ref('int_vendor_lines') }}

),

invoices as (

    select
        org_id,
        invoice_number,
        min(invoice_date) as invoice_date,
        min(currency) as currency,
        min(other_currency) as other_currency,
        min(other_numbers) as other_numbers,
        sum(amount) as lines_total,
        sum(amount) filter (where is_tax) as taxes_total
    from vendor_lines
    group by org_id, invoice_number

),

-- A total of the file whose lines count, and what those that it sums come to.
wrong_totals as (

    select
        totals.org_id,
        totals.invoice_number,
        list({
            'source_row': totals.source_row,
            'description': totals.description,
            'amount': totals.amount,
            'lines_amount': if(
                regexp_matches(totals.description, {{ total_of_taxes_words() }}, 'i'),
                coalesce(invoices.taxes_total, invoices.lines_total),
                invoices.lines_total
            )
        } order by totals.source_row) as wrong_totals
    from {{ ref('stg_vendor_invoice_lines') }} as totals
    inner join invoices
        on
            totals.org_id = invoices.org_id
            and totals.invoice_number = invoices.invoice_number
    semi join vendor_lines
        on
            totals.org_id = vendor_lines.org_id
            and totals.invoice_number = vendor_lines.invoice_number
            and totals.file_id = vendor_lines.file_id
    where totals.reject_reason = 'total_differs'
    group by totals.org_id, totals.invoice_number

)

select
    invoices.org_id,
    invoices.invoice_number,
    invoices.invoice_date,
    invoices.currency,
    invoices.other_currency,
    invoices.other_numbers,
    invoices.lines_total,
    coalesce(currencies.minor_units, 2) as minor_units,
    wrong_totals.wrong_totals
from invoices
left join {{ ref('currencies') }} as currencies
    on invoices.currency = currencies.currency
left join wrong_totals
    on
        invoices.org_id = wrong_totals.org_id
        and invoices.invoice_number = wrong_totals.invoice_number
