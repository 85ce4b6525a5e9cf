with

answered as (

    select
        invoices.invoice_id,
        string_agg(
            received.invoice_number, ', '
            order by received.invoice_date, received.invoice_number
        ) as vendor_invoice_numbers,
        min(received.invoice_date) as first_received_date,
        sum(received.printed_total) as printed_total
    from {{ ref('vendor_invoices') }} as received
    inner join {{ ref('invoices') }} as invoices
        on
            received.org_id = invoices.org_id
            and contains(
                ', ' || received.expected_invoice_ids || ', ',
                ', ' || invoices.invoice_id || ', '
            )
    group by invoices.invoice_id

),

-- Numbers of which no line was accepted.
rejected as (

    select printed.*
    from (
        select distinct
            org_id,
            invoice_number,
            invoice_date,
            source_file
        from {{ ref('stg_vendor_invoice_lines') }}
        where row_status = 'rejected' and withdrawn_at is null
    ) as printed
    anti join {{ ref('vendor_invoices') }} as received
        on
            printed.org_id = received.org_id
            and contains(
                concat_ws(', ', '', received.invoice_number, received.other_numbers, ''),
                ', ' || printed.invoice_number || ', '
            )

),

delivering as (

    select org_id from {{ ref('vendor_invoices') }}
    union
    select org_id from rejected

),

-- What the vendor is to bill on today's data, whatever is sealed: what we correct of sealed
-- invoices it need not. An order may be billed with a later monthly invoice.
computed as (

    select
        invoice_id,
        sum(amount) as amount,
        coalesce(
            bool_and(charge_type = 'one_time') filter (where charge_type <> 'tax'), false
        ) as is_order
    from {{ ref('int_invoice_lines') }}
    group by invoice_id

),

expected as (

    select
        invoices.invoice_id,
        invoices.org_id,
        invoices.invoice_date,
        invoices.currency,
        coalesce(computed.amount, 0)::decimal(28, 4) as expected_total,
        build.as_of_date,
        coalesce(computed.is_order, false) as is_order,
        if(is_order, policies.order_days_late, policies.invoice_grace_days)
        + invoices.invoice_date as expected_by,
        policies.*,
        answered.vendor_invoice_numbers,
        answered.first_received_date,
        answered.printed_total,
        case
            when answered.invoice_id is not null then 'received'
            when invoices.invoice_status = 'accruing' then 'not_yet_due'
            when expected_total = 0 then 'none_expected'
            when delivering.org_id is null then 'never_delivered'
            when build.as_of_date <= expected_by then 'due'
            else 'missing'
        end as status
    from {{ ref('invoices') }} as invoices
    cross join {{ ref('int_as_of') }} as build
    inner join {{ ref('billing_policies') }} as policies
        on
            invoices.invoice_date >= policies.valid_from
            and invoices.invoice_date < policies.valid_to
    left join computed on invoices.invoice_id = computed.invoice_id
    left join answered on invoices.invoice_id = answered.invoice_id
    left join delivering on invoices.org_id = delivering.org_id

),

-- A rejected number is that of the invoice of ours before it, else of the next one. If that
-- was received it is of no other, except that an order which came takes no number.
rejected_answers as (

    select
        rejected.*,
        min_by(expected.invoice_id, (
            expected.invoice_date > rejected.invoice_date,
            abs(expected.invoice_date - rejected.invoice_date)
        )) as invoice_id
    from rejected
    inner join expected
        on
            rejected.org_id = expected.org_id
            and rejected.invoice_date - expected.invoice_date
            between -expected.invoice_days_early and expected.invoice_days_late
            and rejected.invoice_date < expected.as_of_date
            and (not expected.is_order or expected.status in ('due', 'missing'))
    group by all

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
    expected.expected_total,
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
left join rejected_files
    on
        expected.invoice_id = rejected_files.invoice_id
        and expected.status in ('due', 'missing')
