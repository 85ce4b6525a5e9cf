with recursive

printed_lines as (

    select * from {{ ref('int_printed_lines') }}

),

invoices as (

    select
        printed_lines.org_id,
        printed_lines.invoice_number,
        min(printed_lines.invoice_date) as invoice_date,
        min(printed_lines.currency) as currency,
        min(printed_lines.other_numbers) as other_numbers,
        coalesce(
            min(answers.expected_invoice_date)::varchar, printed_lines.invoice_number
        ) as answers
    from printed_lines
    left join {{ ref('int_invoice_answers') }} as answers
        on
            printed_lines.org_id = answers.org_id
            and printed_lines.invoice_number = answers.invoice_number
    group by printed_lines.org_id, printed_lines.invoice_number

),

events as (

    select
        events.* exclude (invoice_number),
        coalesce(invoices.invoice_number, events.invoice_number) as counted_number,
        counted_number as invoice_number,
        concat_ws(
            '/',
            events.org_id, replace(counted_number, '/', '%2F'), events.product_code
        ) as dispute_id,
        coalesce(invoices.invoice_date, events.event_date) as invoice_date,
        invoices.currency,
        events.product_code as own_product_code,
        row_number() over (
            partition by events.org_id
            order by events.event_date, events.landed_at, events.source_row
        ) as entry_order
    from {{ ref('stg_disputes') }} as events
    cross join {{ ref('int_as_of') }} as build
    left join invoices
        on
            events.org_id = invoices.org_id
            and (
                events.invoice_number = invoices.invoice_number
                or list_contains(
                    string_split(invoices.other_numbers, ', '), events.invoice_number
                )
            )
    where events.row_status = 'accepted' and events.event_date <= build.as_of_date

),

printed_taxes as (

    select distinct
        org_id,
        invoice_number,
        product_code
    from printed_lines
    where is_tax

),

-- A tax, and a correction that gives back what an earlier invoice lacked, are told apart.
differences as (

    select
        differences.*,
        invoices.invoice_date,
        invoices.currency,
        invoices.answers,
        printed_taxes.product_code is not null
        or (
            differences.reason in ('follows', 'tax_rate_differs', 'tax_base_differs')
            and coalesce(differences.product_code, 'tax') <> 'minimum_monthly_amount'
        ) as is_tax,
        differences.amount < 0
        and differences.reason in ('credit', 'earlier_period') as is_credit,
        not reasons.is_agreement
        and not is_credit
        and differences.reason <> 'total_differs'
        and (differences.reason <> 'earlier_period' or differences.caused_by is null)
            as is_claimable
    from {{ ref('invoice_differences') }} as differences
    inner join invoices
        on
            differences.org_id = invoices.org_id
            and differences.invoice_number = invoices.invoice_number
    inner join {{ ref('difference_reasons') }} as reasons
        on differences.reason = reasons.reason
    left join printed_taxes
        on
            differences.org_id = printed_taxes.org_id
            and differences.invoice_number = printed_taxes.invoice_number
            and differences.product_code = printed_taxes.product_code

),

own_products as (

    select distinct
        org_id,
        invoice_number,
        product_code,
        dispute_id
    from events
    where product_code is not null

),

-- What is billed too much in all: too much in one way and too little in another is one
-- amount. A product with events of its own stands apart from the rest.
claims as (

    select
        differences.*,
        coalesce(
            own_products.dispute_id,
            differences.org_id || '/' || replace(differences.invoice_number, '/', '%2F')
        ) as dispute_id
    from differences
    left join own_products
        on
            differences.org_id = own_products.org_id
            and differences.invoice_number = own_products.invoice_number
            and differences.product_code = own_products.product_code
    -- The tax of a credit is a part of it.
    anti join differences as credits
        on differences.caused_by = credits.difference_id and credits.is_credit
    where differences.is_claimable
    qualify
        sum(differences.claim_amount) over (
            partition by
                differences.org_id, differences.invoice_number, own_products.dispute_id
        ) > 0

),

disputed_parts as (

    select claims.* from claims
    union all by name
    select events.* from events

),

-- The last amount opened with is what is claimed, else all that the differences claim.
disputed as (

    select
        org_id,
        dispute_id,
        min(invoice_number) as invoice_number,
        min(own_product_code) as product_code,
        min(invoice_date) as disputed_on,
        min(currency) as currency,
        list(distinct product_code) as product_codes,
        coalesce(
            list(difference_id order by difference_id) filter (
                where difference_id is not null
            ), []
        ) as difference_ids,
        coalesce(bool_or(event_name is not null), false) as is_opened,
        coalesce(max_by(event_name, entry_order) = 'refused', false) as is_refused,
        max_by(amount, entry_order) filter (
            where event_name = 'opened' and amount is not null
        ) as opened_amount,
        coalesce(opened_amount, sum(claim_amount), 0)::decimal(28, 4) as claimed_amount,
        coalesce(opened_amount, sum(if(is_tax, 0, claim_amount)), 0)::decimal(28, 4)
            as net_amount
    from disputed_parts
    group by org_id, dispute_id

),

-- Credits, and what of each settles what.
{{ matched_credits() }}

select
    org_id,
    dispute_id,
    invoice_number,
    product_code,
    currency,
    'claimed' as entry,
    disputed_on as entry_date,
    claimed_amount as amount,
    difference_ids,
    null as credit_number,
    null as recorded_by,
    null as note,
    0 as entry_order
from disputed
union all
select
    org_id,
    dispute_id,
    null as invoice_number,
    null as product_code,
    null as currency,
    event_name as entry,
    event_date as entry_date,
    amount,
    null as difference_ids,
    null as credit_number,
    recorded_by,
    note,
    entry_order
from events
union all
select
    org_id,
    dispute_id,
    if(dispute_id is null, credit_number, null) as invoice_number,
    null as product_code,
    if(dispute_id is null, currency, null) as currency,
    if(dispute_id is null, 'unmatched', 'credit') as entry,
    credited_on as entry_date,
    amount::decimal(28, 4) as amount,
    null as difference_ids,
    credit_number,
    null as recorded_by,
    null as note,
    0 as entry_order
from credit_parts
