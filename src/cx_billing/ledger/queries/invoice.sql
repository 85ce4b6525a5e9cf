with

-- What is disputed of the vendor's invoices that answer ours.
disputed as (

    select coalesce(sum(disputes.claimed_amount), 0)::decimal(28, 4) as disputed_amount
    from marts.disputes as disputes
    inner join marts.vendor_invoices as vendor_invoices
        on
            disputes.org_id = vendor_invoices.org_id
            and disputes.invoice_number = vendor_invoices.invoice_number
    where
        disputes.org_id = getvariable('org_id')
        and disputes.opened_date is not null
        and contains(
            ', ' || vendor_invoices.expected_invoice_ids || ', ',
            ', ' || getvariable('invoice_id') || ', '
        )

),

answering as (

    select
        list(
            {
                'invoice_number': invoice_number,
                'is_agreed': is_agreed,
                'variance_amount': variance_amount
            }
            order by invoice_date, invoice_number
        ) as vendor_invoices
    from marts.vendor_invoices
    where
        org_id = getvariable('org_id')
        and contains(
            ', ' || expected_invoice_ids || ', ',
            ', ' || getvariable('invoice_id') || ', '
        )

)

select
    answering.vendor_invoices,
    invoices.invoice_id,
    invoices.org_id,
    invoices.invoice_date,
    invoices.currency,
    currencies.minor_units,
    invoices.total_amount,
    invoices.invoice_status,
    invoices.is_covered,
    invoices.coverage_note,
    disputed.disputed_amount,
    seal_limits.largest_amount,
    disputed.disputed_amount > seal_limits.largest_amount as needs_two_people,
    coalesce(organizations.is_parked, false) as is_parked,
    organizations.parked_reason,
    build.build_number,
    build.as_of::varchar as as_of,
    build.version,
    build.rules_hash,
    build.inputs_hash,
    build.ledger_head
from marts.invoices as invoices
cross join disputed
cross join answering
cross join marts.build as build
inner join reference.seal_limits as seal_limits
    on seal_limits.what = 'disputed_amount'
left join reference.currencies as currencies
    on invoices.currency = currencies.currency
left join marts.organizations as organizations
    on invoices.org_id = organizations.org_id
where invoices.invoice_id = getvariable('invoice_id')
