-- What may be claimed of an invoice of the vendor, or of one product of it, and what is
-- left of that after all that was recorded, in one row. Events may be in no build yet.
with

invoice as (

    select
        vendor_invoices.*,
        coalesce(currencies.minor_units, 4) as minor_units,
        concat_ws(
            ', ', '', vendor_invoices.invoice_number, vendor_invoices.other_numbers, ''
        ) as numbers
    from marts.vendor_invoices
    left join reference.currencies using (currency)
    where
        vendor_invoices.org_id = $org_id
        and vendor_invoices.invoice_number = $invoice_number

),

disputes as (

    select *
    from marts.disputes
    where
        org_id = $org_id
        and invoice_number = $invoice_number
        and status <> 'unmatched_credit'

),

differences as (

    select
        differences.product_code,
        coalesce(sum(differences.claim_amount) filter (
            where disputes.dispute_id is not null
        ), 0) as of_invoice_amount,
        coalesce(sum(differences.claim_amount) filter (
            where differences.reason <> 'credit' and not reasons.is_agreement
        ), 0) as of_product_amount
    from marts.invoice_differences as differences
    inner join reference.difference_reasons as reasons
        on differences.reason = reasons.reason
    left join disputes
        on list_contains(disputes.difference_ids, differences.difference_id)
    where
        differences.org_id = $org_id
        and differences.invoice_number = $invoice_number
    group by differences.product_code

),

landed as (

    select landed.*
    from read_parquet($files, union_by_name = true) as landed
    inner join invoice
        on contains(invoice.numbers, ', ' || trim(landed.invoice_number) || ', ')
    where landed.org_id = $org_id and landed.withdrawn_at is null

),

-- Products, days and amounts may be written in a file as only a build reads them. What
-- became of those is in the marts.
built as (

    select *
    from disputes
    where
        product_code is not distinct from $product_code
        and opened_date is not null
        and exists (
            from landed
            where
                coalesce(product_code not in (
                    select products.product_code
                    from reference.products as products
                ), false)
                or try_cast(event_date as date) is null
                or (amount is not null and try_cast(amount as decimal(28, 4)) is null)
        )

),

events as (

    select
        landed.product_code,
        lower(landed.event) as event_name,
        try_cast(landed.event_date as date) as event_date,
        try_cast(landed.amount as decimal(28, 4)) as amount,
        (event_date, min(landed.landed_at), min(landed.source_row)) as place,
        bool_or(landed.source_file = $source_file) as is_same
    from landed
    -- What a build would reject, or not know yet, does not count.
    where
        try_cast(landed.event_date as date) <= current_date
        and coalesce(try_cast(landed.amount as decimal(28, 4)) >= 0, landed.amount is null)
    group by
        landed.product_code,
        landed.event,
        landed.event_date,
        landed.amount,
        landed.recorded_by,
        landed.note

),

openings as (

    select
        product_code,
        max(place) filter (where event_name = 'opened') as last_place,
        max_by(amount, place) filter (where event_name = 'opened' and amount is not null)
            as opened_amount,
        min(event_date) filter (where event_name in ('opened', 'sent')) as raised_date,
        bool_or(is_same) as is_recorded
    from events
    group by product_code

),

-- No money is claimed twice: of the whole invoice not what a product is disputed for by
-- itself, of a product not what the whole was opened with.
claims as (

    select
        coalesce(any_value(differences.of_product_amount) filter (
            where differences.product_code = $product_code
        ), 0) as product_amount,
        coalesce(sum(differences.of_invoice_amount), 0) as invoice_amount,
        invoice_amount - coalesce(sum(
            coalesce(openings.opened_amount, differences.of_product_amount)
        ) filter (
            where
            openings.product_code is not null
            and openings.product_code is distinct from $product_code
        ), 0) - coalesce(any_value(openings.opened_amount) filter (
            where openings.product_code is null and $product_code is not null
        ), 0) as left_amount,
        bool_or(
            openings.product_code is null and openings.opened_amount is not null
        ) as has_amount,
        greatest(case
            when $product_code is null then left_amount
            when has_amount then least(product_amount, left_amount)
            else product_amount
        end, 0) as claimable_amount
    from differences
    full join openings
        on differences.product_code is not distinct from openings.product_code

),

recorded as (

    select
        any_value(openings.is_recorded) as is_recorded,
        least(any_value(openings.raised_date), any_value(built.opened_date)) as raised_date,
        any_value(coalesce(
            openings.opened_amount, built.claimed_amount, claims.claimable_amount
        )) as claimed_amount,
        greatest(
            coalesce(sum(coalesce(
                events.amount, openings.opened_amount, claims.claimable_amount
            )) filter (
                where
                events.event_name = 'refused'
                and coalesce(events.place > openings.last_place, true)
            ), 0),
            any_value(built.refused_amount) filter (where openings.last_place is null)
        ) as refused_amount,
        coalesce(sum(coalesce(
            events.amount, openings.opened_amount, claims.claimable_amount
        )) filter (where events.event_name = 'credited'), 0) as credited_amount,
        max_by(events.amount, events.place) filter (
            where
            events.event_name = 'accepted'
            and events.amount is not null
            and coalesce(events.place > openings.last_place, true)
        ) as accepted_amount
    from claims
    left join openings on openings.product_code is not distinct from $product_code
    left join events on events.product_code is not distinct from $product_code
    left join built on true

)

-- A credit that is recorded may be the same money as a line of the vendor.
select
    invoice.invoice_date,
    invoice.currency,
    invoice.minor_units,
    invoice.is_agreed,
    claims.claimable_amount,
    coalesce(if(
        $product_code is null, claims.invoice_amount, claims.product_amount
    ), 0) > 0 as is_too_much,
    coalesce(recorded.is_recorded, false) as is_recorded,
    recorded.raised_date,
    recorded.claimed_amount,
    recorded.accepted_amount,
    greatest(
        recorded.claimed_amount
        - recorded.refused_amount
        - greatest(recorded.credited_amount, coalesce(disputes.recovered_amount, 0)),
        0
    ) as open_amount,
    greatest(
        least(
            recorded.claimed_amount - recorded.refused_amount,
            coalesce(recorded.accepted_amount, recorded.claimed_amount)
        ) - recorded.credited_amount,
        0
    ) as creditable_amount
from invoice
cross join claims
cross join recorded
left join disputes on disputes.product_code is not distinct from $product_code
