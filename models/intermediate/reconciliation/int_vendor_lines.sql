with

-- What the vendor invoices at or after as-of is not known yet.
vendor_lines as (

    select vendor_lines.*
    from {{ ref('stg_vendor_invoice_lines') }} as vendor_lines
    cross join {{ ref('int_as_of') }} as build
    semi join {{ ref('int_contracts') }} as contracts
        on vendor_lines.org_id = contracts.org_id
    where
        vendor_lines.row_status = 'accepted'
        and vendor_lines.invoice_date < build.as_of_date

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

-- Also products that come in kinds, like a class of text messages (CONV-08).
spellings as (

    select
        org_id,
        name_key,
        product_code
    from {{ ref('product_names') }}
    union
    select
        org_id,
        {{ product_name_key('spelling') }} as name_key,
        product_code
    from {{ ref('int_products') }}
    cross join unnest(
        [invoice_name, regexp_replace(invoice_name, '^SMS (Rate Class)', '\1')]
    ) as spelled (spelling)

),

hourly_contracts as (

    select distinct org_id from {{ ref('int_contracts') }}
    where license_model = 'hourly'

),

-- In an hourly contract the hourly name of a license is that of the license, unless one has
-- both (INV-12).
hourly_spellings as (

    select
        contracts.org_id,
        spellings.name_key,
        hourly_products.base_product_code as product_code
    from {{ ref('hourly_products') }} as hourly_products
    inner join spellings
        on
            hourly_products.product_code = spellings.product_code
            and spellings.org_id is null
    cross join hourly_contracts as contracts
    anti join {{ ref('stg_contract_items') }} as contract_items
        on
            contracts.org_id = contract_items.org_id
            and hourly_products.product_code = contract_items.product_code
    union all
    select * from spellings

),

-- What an organization calls its products; a name of its own goes first. Two codes that
-- differ in punctuation alone mean one product.
names as (

    select
        organizations.org_id,
        spellings.name_key,
        products.product_code,
        products.base_product_code,
        products.match_code,
        products.kind,
        products.arrears_charge_type
    from (select distinct org_id from vendor_lines) as organizations
    inner join hourly_spellings as spellings
        on spellings.org_id is null or organizations.org_id = spellings.org_id
    inner join {{ ref('int_products') }} as products
        on
            spellings.product_code = products.product_code
            and (products.org_id is null or organizations.org_id = products.org_id)
    qualify
        row_number() over (
            partition by organizations.org_id, spellings.name_key
            order by spellings.org_id nulls last, spellings.product_code
        ) = 1

),

-- Orders outside the catalogue match vendor lines on the order's text, within their
-- organization (INV-06).
ordered as (

    select
        orders.org_id,
        {{ product_name_key('orders.product_code') }} as name_key,
        min(orders.product_code) as product_code
    from {{ ref('stg_orders') }} as orders
    where orders.row_status = 'accepted'
    group by orders.org_id, name_key

),

-- `Genesys Cloud CX 2 User – Prepay` is a product and how it is charged; `Outbound Calling
-- Service - U.S.` a product and a part of the world (INV-03, TELCO-02). Where the words do
-- not say how, the title of the section may.
worded as (

    select
        *,
        regexp_matches(description, '[–—-]\s*committed\s*$', 'i') as is_committed,
        regexp_matches(description, '[–—,(-]\s*prepa(?:y|id)\)?\s*$', 'i')
        or (
            not is_committed
            and coalesce(regexp_matches(section, '\bprepa(?:y|id)\b', 'i'), false)
        ) as is_prepay,
        regexp_matches(
            description,
            '\b(?:tax|taxes|vat|gst|hst|pst|mwst|umsatzsteuer|iva|tva|btw)\b',
            'i'
        ) as is_tax,
        case
            when regexp_matches(description, '\Wu\.?s\.?a?\)?\s*$', 'i') then 'us'
            when regexp_matches(description, '\Winternational\)?\s*$', 'i')
                then 'international'
        end as breakout,
        -- What is in brackets at the end belongs to the name where a product has it so.
        trim(regexp_replace(
            if(
                amount < 0,
                regexp_replace(
                    description,
                    '^\s*(?:credit|refund|correction|adjustment)(?:\s+(?:memo|note))?'
                    || '(?:\s+(?:for|of))?[\s:–—-]*',
                    '',
                    'i'
                ),
                description
            ),
            '\s*[–—,(-]\s*(prepa(?:y|id)|committed|u\.?s\.?a?|international)\)?\s*$',
            '',
            'i'
        )) as whole_name,
        trim(regexp_replace(whole_name, '\s*\([^)]*\)\s*$', '')) as product_name
    from vendor_lines

),

named as (

    select
        worded.org_id,
        worded.file_id || '/' || worded.source_row as vendor_line_id,
        worded.source_row,
        worded.invoice_number,
        worded.invoice_date,
        worded.service_period_start is null as is_without_period,
        coalesce(worded.service_period_start, worded.invoice_date)
            as service_period_start,
        coalesce(worded.service_period_end, worded.invoice_date) as service_period_end,
        worded.description,
        coalesce(names.product_code, ordered.product_code) as product_code,
        coalesce(names.match_code, ordered.product_code) as match_code,
        names.kind,
        case
            when worded.is_prepay then 'prepay'
            when worded.is_committed then 'committed'
            when names.base_product_code = 'number_nrc' then 'one_time'
            when names.product_code is null and ordered.product_code is not null
                then 'one_time'
            else coalesce(names.arrears_charge_type, 'unknown')
        end as charge_type,
        worded.is_prepay,
        coalesce(
            names.kind = 'tax', ordered.product_code is null and worded.is_tax
        ) as is_tax,
        worded.section,
        worded.breakout,
        worded.quantity,
        worded.unit_price,
        worded.amount,
        worded.currency
    from worded
    left join names as whole_names
        on
            worded.org_id = whole_names.org_id
            and {{ product_name_key('worded.whole_name') }} = whole_names.name_key
    left join names
        on
            worded.org_id = names.org_id
            and coalesce(
                whole_names.name_key, {{ product_name_key('worded.product_name') }}
            ) = names.name_key
    left join ordered
        on
            worded.org_id = ordered.org_id
            and {{ product_name_key('worded.product_name') }} = ordered.name_key

),

-- Every charge once, with the invoice that had it first: an invoice may have thousands of
-- equal lines.
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
    where amount <> 0
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
    coalesce(
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
