{% set tax_added %}
    '\w\W.*\b(?:plus|zzgl|with|mit)\W+(?:\w+\W+){0,3}?' || {{ tax_words() }}
{% endset %}
-- A section may be a code: `taxes_and_fees`.
{% set title %}replace(section, '_', ' '){% endset %}
{% set credit_words %}'^\s*(?:credit|refund|correction|adjustment)\b'{% endset %}
-- What a section of taxes and fees may hold that is no tax.
{% set late_words %}
    '\b(?:late|overdue|past due|interest|finance charges?|penalt(?:y|ies)|reminders?'
    || '|dunning|collection|payments?|returned|paper|convenience|processing|shipping'
    || '|freight|handling|delivery|installation|deposit|discount|verzug\w*|mahn\w*'
    || '|zinsen)\b'
{% endset %}
with

-- Also where the contract begins at or after as-of: its lines are not rejected.
organizations as (

    select
        org_id,
        min_by(currency, effective_date) as currency
    from {{ ref('int_contracts_checked') }}
    where reject_reason is null
    group by org_id

),

-- What the vendor invoices at or after as-of is not known yet. An invoice has one date, the
-- earliest on it. One line in another currency than the organization's is enough: the sum
-- of an invoice is of one.
vendor_lines as (

    select
        vendor_lines.*
        replace (min(vendor_lines.invoice_date) over of_invoice as invoice_date),
        min(vendor_lines.currency) filter (
            where vendor_lines.currency <> organizations.currency
        ) over of_invoice as other_currency,
        line_names.product_code,
        line_names.base_product_code,
        line_names.match_code,
        line_names.kind,
        line_names.arrears_charge_type,
        line_names.is_named_prepaid,
        line_names.is_among_words
    from {{ ref('stg_vendor_invoice_lines') }} as vendor_lines
    cross join {{ ref('int_as_of') }} as build
    inner join organizations
        on vendor_lines.org_id = organizations.org_id
    left join {{ ref('int_line_names') }} as line_names
        on
            vendor_lines.org_id = line_names.org_id
            and vendor_lines.description = line_names.description
            and (vendor_lines.amount < 0) = line_names.is_credit
    where
        vendor_lines.row_status = 'accepted'
        and vendor_lines.invoice_date < build.as_of_date
    window
        of_invoice as (partition by vendor_lines.org_id, vendor_lines.invoice_number)

),

-- The same invoice by another way, under a number of its own.
other_numbers as (

    select
        org_id,
        counted_number as invoice_number,
        string_agg(distinct invoice_number, ', ' order by invoice_number)
            as other_numbers
    from {{ ref('stg_vendor_invoice_lines') }}
    where counted_number <> invoice_number
    group by org_id, counted_number

),

-- `Genesys Cloud CX 2 User – Prepay` is a product and how it is charged; `Outbound Calling
-- Service - U.S.` a product and a part of the world (INV-03, TELCO-02). Where the words do
-- not say how, the title of the section may, and whether it is a tax (TAX-01). Overage is
-- never prepaid, unless the product is called so, like API Overage; `Prepay` at the end may
-- belong to a product's name.
worded as (

    select
        *,
        {{ charge_words('description') }} as charge_words,
        coalesce(
            is_among_words
            and kind is distinct from 'resource'
            and regexp_matches(charge_words, '\boverages?\b', 'i'),
            false
        ) as is_overage,
        regexp_matches(charge_words, '[–—,(-]\s*committed\)?\s*$', 'i')
        or (
            coalesce(is_among_words, false)
            and regexp_matches(charge_words, '\bcommit(?:ted|ment)\b', 'i')
        ) as is_committed,
        regexp_matches(charge_words, '[–—,(-]\s*prepa(?:y|id)\)?\s*$', 'i')
        or (
            coalesce(is_among_words, false)
            and not is_overage
            and regexp_matches(charge_words, '\bprepa(?:y|id)\b', 'i')
        )
        or (
            product_code is not null
            and not is_named_prepaid
            and regexp_matches(charge_words, '\bprepa(?:y|id)\W*$', 'i')
        )
        or (
            not is_committed
            and not is_overage
            and coalesce(regexp_matches({{ title }}, '\bprepa(?:y|id)\b', 'i'), false)
            and not regexp_matches(
                {{ title }},
                '\b(?:not|non|no|above|over|beyond|exceed\w*|excess|without)\b',
                'i'
            )
        ) as is_prepay,
        ({{ names_tax('description') }})
        or (
            coalesce(regexp_matches({{ title }}, {{ tax_words() }}, 'i'), false)
            and not regexp_matches({{ title }}, {{ priced_with_tax() }}, 'i')
            and not regexp_matches({{ title }}, {{ tax_added }}, 'i')
            and not regexp_matches(description, {{ late_words }}, 'i')
        ) as is_tax,
        amount < 0 and regexp_matches(description, {{ credit_words }}, 'i') as is_credited,
        case
            when regexp_matches(description, '\Wu\.?s\.?a?\)?\s*$', 'i') then 'us'
            when regexp_matches(description, '\Winternational\)?\s*$', 'i')
                then 'international'
        end as breakout
    from vendor_lines

),

named as (

    select
        worded.org_id,
        worded.file_id,
        worded.file_id || '/' || worded.source_row as vendor_line_id,
        worded.source_row,
        worded.invoice_number,
        worded.invoice_date,
        worded.service_period_start is null as is_without_period,
        coalesce(worded.service_period_start, worded.invoice_date)
            as service_period_start,
        coalesce(worded.service_period_end, worded.invoice_date) as service_period_end,
        worded.description,
        worded.product_code,
        worded.match_code,
        worded.kind,
        case
            when worded.is_prepay then 'prepay'
            when worded.is_committed then 'committed'
            when worded.base_product_code = 'number_nrc' then 'one_time'
            else coalesce(worded.arrears_charge_type, 'unknown')
        end as charge_type,
        worded.is_prepay,
        worded.is_overage,
        coalesce(
            worded.kind = 'tax', worded.product_code is null and worded.is_tax
        ) as is_tax,
        worded.is_credited,
        worded.section,
        worded.breakout,
        worded.quantity,
        worded.unit_price,
        worded.amount,
        worded.currency,
        worded.other_currency
    from worded
),

-- Every charge once, with the invoice that had it first: an invoice may have thousands of
-- equal lines. What is in another currency is not the same charge.
charges as (

    select
        org_id,
        coalesce(match_code, description) as charged_for,
        is_prepay,
        amount,
        quantity,
        service_period_start,
        service_period_end,
        bool_and(
            is_without_period
            and coalesce(kind in ('resource', 'message', 'conversation', 'call'), false)
        ) as is_usage_without_period,
        min(invoice_date) as first_invoice_date,
        min_by(invoice_number, (invoice_date, invoice_number)) as first_invoice_number
    from named
    where amount <> 0 and other_currency is null
    group by all

),

-- A line is billed again if an earlier invoice has it, product, period, amount and quantity
-- if both print one; both periods may be shifted by days, and usage may be without one.
billed_again as (

    select
        charges.*,
        bool_or(earlier.first_invoice_date < charges.first_invoice_date)
            as is_on_earlier,
        min_by(
            earlier.first_invoice_number,
            (earlier.first_invoice_date, earlier.first_invoice_number)
        ) as earliest_invoice_number
    from charges
    inner join {{ ref('billing_policies') }} as policies
        on
            charges.first_invoice_date >= policies.valid_from
            and charges.first_invoice_date < policies.valid_to
    left join charges as earlier
        on
            charges.org_id = earlier.org_id
            and charges.charged_for = earlier.charged_for
            and charges.is_prepay = earlier.is_prepay
            and charges.amount = earlier.amount
            and coalesce(charges.quantity = earlier.quantity, true)
            and (
                greatest(
                    abs(charges.service_period_start - earlier.service_period_start),
                    abs(charges.service_period_end - earlier.service_period_end)
                ) <= policies.period_shift_days
                or (
                    charges.is_usage_without_period and earlier.is_usage_without_period
                )
            )
    group by all

)

select
    named.*,
    other_numbers.other_numbers,
    named.other_currency is null
    and coalesce(
        named.invoice_date > billed_again.first_invoice_date
        or billed_again.is_on_earlier,
        false
    ) as is_billed_again,
    if(is_billed_again, billed_again.earliest_invoice_number, null)
        as first_invoice_number
from named
left join other_numbers
    on
        named.org_id = other_numbers.org_id
        and named.invoice_number = other_numbers.invoice_number
left join billed_again
    on
        named.org_id = billed_again.org_id
        and coalesce(named.match_code, named.description) = billed_again.charged_for
        and named.is_prepay = billed_again.is_prepay
        and named.amount = billed_again.amount
        and named.quantity is not distinct from billed_again.quantity
        and named.service_period_start = billed_again.service_period_start
        and named.service_period_end = billed_again.service_period_end
