with

entries as (

    select * from {{ ref('int_dispute_entries') }}

),

summed as (

    select
        org_id,
        coalesce(dispute_id, org_id || '/' || invoice_number || '//unmatched')
            as dispute_id,
        min(invoice_number) as invoice_number,
        min(product_code) as product_code,
        any_value(difference_ids) as difference_ids,
        min(currency) as currency,
        coalesce(sum(amount) filter (where entry = 'claimed'), 0) as claimed_amount,
        coalesce(sum(amount) filter (where entry = 'credit'), 0) as credited,
        coalesce(sum(amount) filter (where entry = 'unmatched'), 0)
            as unmatched_credit_amount,
        string_agg(distinct credit_number, ', ' order by credit_number)
            as credit_invoice_numbers,
        min(entry_date) filter (where entry in ('claimed', 'unmatched'))
            as invoice_date,
        min(entry_date) filter (where entry_order > 0) as first_event_date,
        max(entry_order) filter (where entry = 'opened') as last_opening,
        max_by(entry, entry_order) filter (where entry_order > 0) as last_event,
        max(entry_date) filter (where entry_order > 0) as last_event_date,
        max_by(recorded_by, entry_order) filter (where entry_order > 0)
            as last_recorded_by
    from entries
    group by org_id, coalesce(dispute_id, org_id || '/' || invoice_number || '//unmatched')

),

-- Without an amount an event is about all there is. What was refused before the dispute was
-- opened again counts no more.
recorded as (

    select
        summed.dispute_id,
        sum(coalesce(entries.amount, summed.claimed_amount)) filter (
            where entries.entry = 'credited'
        ) as credited,
        sum(coalesce(entries.amount, summed.claimed_amount)) filter (
            where
            entries.entry = 'refused'
            and entries.entry_order > coalesce(summed.last_opening, 0)
        ) as refused
    from summed
    inner join entries on summed.dispute_id = entries.dispute_id
    group by summed.dispute_id

),

-- A credit that was recorded and the vendor's line of it are the same money.
balanced as (

    select
        summed.*,
        least(
            summed.claimed_amount,
            greatest(summed.credited, coalesce(recorded.credited, 0))
        )::decimal(28, 4) as recovered_amount,
        least(
            summed.claimed_amount - recovered_amount, coalesce(recorded.refused, 0)
        )::decimal(28, 4) as refused_amount,
        summed.claimed_amount - recovered_amount - refused_amount as open_amount
    from summed
    left join recorded on summed.dispute_id = recorded.dispute_id

),

-- What was recorded of a number that the vendor has no invoice of is no money.
known as (

    select
        balanced.*,
        vendor_invoices.currency as invoice_currency,
        vendor_invoices.org_id is not null as is_known
    from balanced
    left join {{ ref('vendor_invoices') }} as vendor_invoices
        on
            balanced.org_id = vendor_invoices.org_id
            and balanced.invoice_number = vendor_invoices.invoice_number

)

select
    balanced.dispute_id,
    balanced.org_id,
    balanced.invoice_number,
    if(balanced.is_known, balanced.claimed_amount, 0)::decimal(28, 4) as claimed_amount,
    if(balanced.is_known, balanced.recovered_amount, 0)::decimal(28, 4) as recovered_amount,
    if(balanced.is_known, balanced.open_amount, 0)::decimal(28, 4) as open_amount,
    if(balanced.is_known, balanced.refused_amount, 0)::decimal(28, 4) as refused_amount,
    case
        when not balanced.is_known then 'unknown_invoice'
        when balanced.unmatched_credit_amount > 0 then 'unmatched_credit'
        when
            balanced.claimed_amount > 0
            and balanced.recovered_amount = balanced.claimed_amount
            then 'recovered'
        when balanced.open_amount = 0 and balanced.refused_amount > 0
            then if(balanced.recovered_amount > 0, 'closed', 'refused')
        when balanced.recovered_amount > 0 then 'partly_recovered'
        when balanced.last_event in ('refused', 'credited') then 'opened'
        else coalesce(balanced.last_event, 'not_opened')
    end as status,
    balanced.product_code,
    balanced.difference_ids,
    coalesce(balanced.invoice_currency, balanced.currency) as currency,
    balanced.invoice_date,
    balanced.first_event_date as opened_date,
    balanced.last_event,
    balanced.last_event_date,
    {{ masked_words('balanced.last_recorded_by') }} as last_recorded_by,
    balanced.credit_invoice_numbers,
    balanced.unmatched_credit_amount::decimal(28, 4) as unmatched_credit_amount,
    case
        when balanced.is_known and balanced.open_amount > 0
            then (
                build.as_of_date
                - coalesce(balanced.first_event_date, balanced.invoice_date)
            )::integer
    end as open_days
from known as balanced
cross join {{ ref('int_as_of') }} as build
