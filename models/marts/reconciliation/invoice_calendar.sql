with

invoices as (

    select * from {{ ref('invoices') }}

),

received as (

    select * from {{ ref('vendor_invoices') }}

),

answered as (

    select
        invoices.invoice_id,
        string_agg(
            received.invoice_number, ', '
            order by received.invoice_date, received.invoice_number
        ) as vendor_invoice_numbers,
        min(received.invoice_date) as first_received_date,
        sum(received.printed_total) as printed_total
    from received
    inner join invoices
        on
            received.org_id = invoices.org_id
            and contains(
                ', ' || received.expected_invoice_ids || ', ',
                ', ' || invoices.invoice_id || ', '
            )
    group by invoices.invoice_id

),

-- Lines of numbers of which no line was accepted.
rejected as (

    select distinct
        printed.org_id,
        printed.invoice_number,
        printed.invoice_date,
        printed.source_file
    from {{ ref('stg_vendor_invoice_lines') }} as printed
    anti join received
        on
            printed.org_id = received.org_id
            and contains(
                concat_ws(', ', '', received.invoice_number, received.other_numbers, ''),
                ', ' || printed.invoice_number || ', '
            )
    where printed.row_status = 'rejected' and printed.withdrawn_at is null

),

delivering as (

    select org_id from received
    union
    select org_id from rejected

),

expected as (

    select
        invoices.*,
        build.as_of_date,
        invoices.invoice_date + policies.invoice_grace_days as expected_by,
        policies.invoice_days_early,
        policies.invoice_days_late,
        answered.vendor_invoice_numbers,
        answered.first_received_date,
        answered.printed_total,
        case
            when answered.invoice_id is not null then 'received'
            when invoices.invoice_status = 'accruing' then 'not_yet_due'
            when invoices.total_amount = 0 then 'none_expected'
            when delivering.org_id is null then 'never_delivered'
            when build.as_of_date <= expected_by then 'due'
            else 'missing'
        end as status
    from invoices
    cross join {{ ref('int_as_of') }} as build
    inner join {{ ref('billing_policies') }} as policies
        on
            invoices.invoice_date >= policies.valid_from
            and invoices.invoice_date < policies.valid_to
    left join answered on invoices.invoice_id = answered.invoice_id
    left join delivering on invoices.org_id = delivering.org_id

),

-- A rejected number is that of the invoice of ours before it, else of the next one.
rejected_answers as (

    select
        expected.invoice_id,
        rejected.source_file
    from rejected
    inner join expected
        on
            rejected.org_id = expected.org_id
            and rejected.invoice_date - expected.invoice_date
            between -expected.invoice_days_early and expected.invoice_days_late
    where
        expected.status in ('due', 'missing')
        and rejected.invoice_date < expected.as_of_date
    qualify
        row_number() over (
            partition by
                rejected.org_id, rejected.invoice_number,
                rejected.invoice_date, rejected.source_file
            order by
                expected.invoice_date > rejected.invoice_date,
                abs(expected.invoice_date - rejected.invoice_date)
        ) = 1

),

rejected_files as (

    select
        invoice_id,
        string_agg(distinct source_file, ', ' order by source_file) as rejected_files
    from rejected_answers
    group by invoice_id

)

select
    expected.invoice_id,
    expected.org_id,
    expected.invoice_date as expected_date,
    if(rejected_files.invoice_id is null, expected.status, 'rejected') as status,
    expected.currency,
    expected.total_amount as expected_total,
    expected.vendor_invoice_numbers,
    expected.first_received_date,
    expected.printed_total::decimal(28, 4) as printed_total,
    case
        when expected.status = 'missing' and rejected_files.invoice_id is null
            then (expected.as_of_date - expected.invoice_date)::integer
    end as days_overdue,
    expected.expected_by,
    rejected_files.rejected_files
from expected
left join rejected_files on expected.invoice_id = rejected_files.invoice_id
