with

-- Every wording once: an invoice may have thousands of equal lines. What is in brackets at
-- the end belongs to the name where a product has it so.
wordings as (

    select distinct
        org_id,
        description,
        coalesce(amount < 0, false) as is_credit,
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
    from {{ ref('stg_vendor_invoice_lines') }}
    where row_status = 'accepted'

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
-- differ in punctuation alone mean one product. Orders outside the catalogue match vendor
-- lines on the order's text, within their organization (INV-06).
names as (

    select
        organizations.org_id,
        spellings.name_key,
        products.product_code,
        products.base_product_code,
        products.match_code,
        products.kind,
        products.arrears_charge_type,
        {{ product_name_key('products.invoice_name') }} as invoice_name_key,
        regexp_matches(products.invoice_name, '\bprepa(?:y|id)\b', 'i') as is_named_prepaid
    from (select distinct org_id from wordings) as organizations
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

ordered as (

    select
        org_id,
        {{ product_name_key('product_code') }} as name_key,
        min(product_code) as product_code
    from {{ ref('stg_orders') }}
    where row_status = 'accepted'
    group by org_id, name_key

),

named as (

    select
        wordings.*,
        coalesce(names.product_code, ordered.product_code) as product_code,
        names.base_product_code,
        coalesce(names.match_code, ordered.product_code) as match_code,
        names.kind,
        names.is_named_prepaid,
        coalesce(
            names.arrears_charge_type, if(ordered.product_code is null, null, 'one_time')
        ) as arrears_charge_type
    from wordings
    left join names as whole_names
        on
            wordings.org_id = whole_names.org_id
            and {{ product_name_key('wordings.whole_name') }} = whole_names.name_key
    left join names
        on
            wordings.org_id = names.org_id
            and coalesce(
                whole_names.name_key, {{ product_name_key('wordings.product_name') }}
            ) = names.name_key
    left join ordered
        on
            wordings.org_id = ordered.org_id
            and {{ product_name_key('wordings.product_name') }} = ordered.name_key

),

-- What may be said beside a name of a kind of product; beside that of a negative line also
-- that it is a credit.
words_beside as (

    select
        kind,
        is_credit,
        string_split(words_beside, ' ') || if(
            is_credit,
            [
                'credit', 'credits', 'refund', 'correction', 'adjustment', 'reversal',
                'discount', 'waiver', 'rebate', 'unused', 'memo', 'note'
            ],
            []
        ) as words
    from {{ ref('product_kinds') }}
    cross join unnest([true, false]) as signs (is_credit)
    where words_beside <> ''

),

words_beside_any as (

    select
        is_credit,
        flatten(list(words)) as words
    from words_beside
    group by is_credit

),

-- Wordings that are no name as a whole, as words, without telephone numbers, days and the
-- like.
unnamed as (

    select distinct
        org_id,
        whole_name,
        is_credit,
        {{ words_of_wording('whole_name') }} as words
    from named
    where product_code is null

),

-- The same words once: thousands of lines may differ in their telephone numbers alone.
worded as (

    select distinct
        unnamed.org_id,
        unnamed.is_credit,
        unnamed.words,
        words_beside_any.words as beside_any
    from unnamed
    inner join words_beside_any
        on unnamed.is_credit = words_beside_any.is_credit
    where len(unnamed.words) between 1 and 20

),

-- Each name in a wording has all words that may stand beside none: from there to there.
cored as (

    select
        *,
        list_transform(words, lambda word: not list_contains(beside_any, word)) as is_core,
        coalesce(list_position(is_core, true), len(words)) as latest_start,
        coalesce(len(words) + 1 - list_position(list_reverse(is_core), true), 1)
            as earliest_end
    from worded

),

spans as (

    select
        cored.*,
        cored.words[:first_words.place - 1] || cored.words[last_words.place + 1:] as beside,
        {{ product_name_key(
            "array_to_string(cored.words[first_words.place:last_words.place], ' ')"
        ) }} as name_key
    from cored
    cross join unnest(range(1, latest_start + 1)) as first_words (place)
    cross join unnest(
        range(greatest(earliest_end, first_words.place), len(words) + 1)
    ) as last_words (place)

),

-- The type of a number is beside it.
typed as (

    select
        *,
        array_to_string(
            list_filter(
                beside, lambda word: word in (
                    'local', 'toll', 'free', 'tollfree', 'did', 'mobile', 'national',
                    'geographic', 'domestic'
                )
            ),
            ''
        ) as number_type
    from spans
    where name_key <> ''

),

-- The longest name with nothing beside it but what may be said of its kind; none if two
-- products have names as long.
among_words as (

    select
        typed.org_id,
        typed.words,
        typed.is_credit,
        min(coalesce(typed_names.name_key, names.name_key)) as name_key
    from typed
    inner join names
        on
            typed.org_id = names.org_id
            and typed.name_key = names.name_key
    inner join words_beside
        on
            names.kind = words_beside.kind
            and typed.is_credit = words_beside.is_credit
            and list_has_all(words_beside.words, typed.beside)
    left join names as typed_names
        on
            names.kind = 'number'
            and names.org_id = typed_names.org_id
            and names.invoice_name_key || typed.number_type = typed_names.name_key
    group by typed.org_id, typed.words, typed.is_credit, len(typed.name_key)
    qualify
        row_number() over (
            partition by typed.org_id, typed.words, typed.is_credit
            order by len(typed.name_key) desc
        ) = 1
        and count(distinct names.product_code) = 1

)

select
    named.org_id,
    named.description,
    named.is_credit,
    coalesce(named.product_code, names.product_code) as product_code,
    coalesce(named.base_product_code, names.base_product_code) as base_product_code,
    coalesce(named.match_code, names.match_code) as match_code,
    coalesce(named.kind, names.kind) as kind,
    coalesce(named.arrears_charge_type, names.arrears_charge_type)
        as arrears_charge_type,
    coalesce(named.is_named_prepaid, names.is_named_prepaid, false) as is_named_prepaid,
    names.product_code is not null as is_among_words
from named
left join unnamed
    on
        named.org_id = unnamed.org_id
        and named.whole_name = unnamed.whole_name
        and named.is_credit = unnamed.is_credit
left join among_words
    on
        unnamed.org_id = among_words.org_id
        and unnamed.words = among_words.words
        and unnamed.is_credit = among_words.is_credit
left join names
    on
        among_words.org_id = names.org_id
        and among_words.name_key = names.name_key
