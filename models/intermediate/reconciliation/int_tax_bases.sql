with

lines as (

    select
        printed.org_id,
        printed.invoice_number,
        coalesce(answers.expected_invoice_date::varchar, printed.invoice_number)
            as answered,
        printed.is_tax,
        printed.charge,
        printed.amount,
        printed.description,
        sections.title as section_title,
        min(printed.description) over (
            partition by
                printed.org_id,
                printed.invoice_number,
                printed.group_product,
                printed.charge,
                if(printed.group_product = 'unknown', printed.description, null)
        ) as product_title
    from {{ ref('int_printed_lines') }} as printed
    left join {{ ref('int_invoice_answers') }} as answers
        on
            printed.org_id = answers.org_id
            and printed.invoice_number = answers.invoice_number
    left join {{ ref('product_kinds') }} as kinds
        on printed.kind = kinds.kind
    left join {{ ref('invoice_sections') }} as sections
        on kinds.section = sections.section
    where printed.other_currency is null

),

-- Of several numbers that answer one invoice of ours, each may print its own taxes, or one
-- those of all.
numbers as (

    select
        org_id,
        answered,
        invoice_number,
        bool_or(is_tax) as has_taxes,
        count(*) filter (where bool_or(is_tax)) over (
            partition by org_id, answered
        ) > 1 as is_taxed_apart
    from lines
    group by org_id, answered, invoice_number

),

taxed as (

    select
        numbers.org_id,
        numbers.invoice_number,
        other_numbers.invoice_number as taxed_number
    from numbers
    inner join numbers as other_numbers
        on
            numbers.org_id = other_numbers.org_id
            and numbers.answered = other_numbers.answered
            and (
                not numbers.is_taxed_apart
                or numbers.invoice_number = other_numbers.invoice_number
            )
    where numbers.has_taxes

),

ours as (

    select
        org_id,
        invoice_number,
        sum(amount) filter (where not is_tax) as amount,
        sum(quantity * unit_price) filter (where is_waived) as waived,
        sum(amount) filter (where charge_type = 'one_time') as one_time,
        sum(amount) filter (
            where charge_type = 'one_time' and kind is distinct from 'number'
        ) as ordered
    from {{ ref('int_answered_lines') }}
    group by org_id, invoice_number

),

-- By how much a base is less or more than all lines.
parts as (

    {% for assumed, place, amount, source, condition in [
        ("'all lines'", 0, '0', 'lines', 'amount is not null'),
        ("'all lines but credits'", 0, '-amount', 'lines', "charge = 'credit'"),
        ("'without ' || section_title", 1, '-amount', 'lines', 'not is_tax'),
        ("'without prepay'", 1, '-amount', 'lines', "charge in ('prepay', 'given_back')"),
        ("'without orders'", 1, '-ordered', 'ours', 'ordered <> 0'),
        ("'without ' || product_title", 2, '-amount', 'lines', 'not is_tax'),
        ("'without one-time charges'", 3, '-one_time', 'ours', 'one_time <> 0'),
        ("'with what the ramp waives'", 3, 'waived', 'ours', 'waived <> 0'),
        ("'without invoice ' || invoice_number", 4, '-amount', 'lines', 'not is_tax'),
        ("'with ' || description", 5, 'amount', 'lines', 'is_tax'),
    ] %}
        {{ 'union all' if not loop.first }}
        select
            org_id,
            invoice_number as taxed_number,
            {{ assumed }} as assumed,
            {{ place }} as place,
            {{ amount }} as amount
        from {{ source }}
        where {{ condition }} and assumed is not null
    {% endfor %}

),

printed as (

    select
        org_id,
        invoice_number,
        sum(amount) as amount
    from lines
    where not is_tax
    group by org_id, invoice_number

),

totals as (

    select
        taxed.org_id,
        taxed.invoice_number,
        coalesce(sum(printed.amount), 0) as amount,
        coalesce(sum(ours.amount), 0) as our_amount
    from taxed
    left join printed
        on
            taxed.org_id = printed.org_id
            and taxed.taxed_number = printed.invoice_number
    left join ours
        on
            taxed.org_id = ours.org_id
            and taxed.taxed_number = ours.invoice_number
    group by taxed.org_id, taxed.invoice_number

),

bases as (

    select
        taxed.org_id,
        taxed.invoice_number,
        parts.assumed,
        min(parts.place) as place,
        any_value(totals.amount) + sum(parts.amount) as printed_base,
        any_value(totals.our_amount) as our_amount,
        -sum(parts.amount) as left_out
    from taxed
    inner join parts
        on
            taxed.org_id = parts.org_id
            and taxed.taxed_number = parts.taxed_number
    inner join totals
        on
            taxed.org_id = totals.org_id
            and taxed.invoice_number = totals.invoice_number
    group by taxed.org_id, taxed.invoice_number, parts.assumed

)

-- What the vendor may have taken its taxes on: its lines, with credits or without; or else
-- without a section, a charge, a product or a number, or nothing but these.
{% for assumed, place, base, condition in [
    ('assumed', 'place', 'printed_base', 'place = 0 or (printed_base <> 0 and left_out <> 0)'),
    ("replace(assumed, 'without ', 'nothing but ')", 'place + 1', 'left_out',
        'place in (1, 4) and printed_base <> 0 and left_out <> 0'),
] %}
    {{ 'union all' if not loop.first }}
    select
        org_id,
        invoice_number,
        {{ assumed }} as assumed,
        {{ place }} as place,
        {{ base }}::decimal(28, 4) as printed_base,
        our_amount::decimal(28, 4) as our_amount
    from bases
    where {{ condition }}
{% endfor %}
