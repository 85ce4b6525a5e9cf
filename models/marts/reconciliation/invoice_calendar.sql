with

invoices as (

    select * from {{ ref('invoices') }}

),

-- The numbers of the vendor that answer each invoice of ours.
answers as (

    select
        vendor_invoices.org_id,
        invoices.invoice_id,
        vendor_invoices.invoice_number,
        vendor_invoices.invoice_date,
        vendor_invoices.printed_total
    from {{ ref('vendor_invoices') }} as vendor_invoices
    inner join invoices
        on
            vendor_invoices.org_id = invoices.org_id
            and contains(
                ', ' || vendor_invoices.expected_invoice_ids || ', ',
                ', ' || invoices.invoice_id || ', '
            )

),

answered as (

    select
        invoice_id,
        string_agg(invoice_number, ', ' order by invoice_date, invoice_number)
            as vendor_invoice_numbers,
        min(invoice_date) as first_received_date,
        sum(printed_total) as printed_total
    from answers
    group by invoice_id

),

delivering as (

    select distinct org_id from {{ ref('vendor_invoices') }}

),

due as (

    select
        invoices.*,
        answered.vendor_invoice_numbers,
        answered.first_received_date,
        answered.printed_total,
        case
            when answered.invoice_id is not null then 'received'
            when invoices.invoice_status = 'accruing' then 'not_yet_due'
            when invoices.total_amount = 0 then 'none_expected'
            when delivering.org_id is null then 'never_delivered'
            else 'missing'
        end as status
    from invoices
    left join answered on invoices.invoice_id = answered.invoice_id
    left join delivering on invoices.org_id = delivering.org_id

)

select
    due.invoice_id,
    due.org_id,
    due.invoice_date as expected_date,
    due.status,
    due.currency,
    due.total_amount as expected_total,
    due.vendor_invoice_numbers,
    due.first_received_date,
    due.printed_total::decimal(28, 4) as printed_total,
    case
        when due.status = 'missing'
            then (build.as_of_date - due.invoice_date)::integer
    end as days_overdue
from due
cross join {{ ref('int_as_of') }} as build
