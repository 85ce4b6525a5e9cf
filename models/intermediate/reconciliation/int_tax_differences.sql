with

grouped as (

    select * from {{ ref('int_group_figures') }}

),

answered_lines as (

    select * from {{ ref('int_answered_lines') }}

),

currencies as (

    select * from {{ ref('currencies') }}

),

-- What the vendor's own lines sum to: of all numbers that answer one invoice of ours, with
-- and without credits, and of one number alone.
sums as (

    select
        grouped.org_id,
        grouped.invoice_number,
        sum(grouped.printed_amount) filter (where not grouped.is_tax) as own_base,
        sum(grouped.printed_amount) filter (
            where not grouped.is_tax and grouped.charge <> 'credit'
        ) as own_base_without_credits,
        sum(own_base) over answered as joint_base,
        sum(own_base_without_credits) over answered as joint_base_without_credits
    from grouped
    left join {{ ref('int_invoice_answers') }} as answers
        on
            grouped.org_id = answers.org_id
            and grouped.invoice_number = answers.invoice_number
    group by
        grouped.org_id, grouped.invoice_number, answers.expected_invoice_date
    window
        answered as (
            partition by
                grouped.org_id,
                coalesce(
                    answers.expected_invoice_date::varchar, grouped.invoice_number
                )
        )

),

bases as (

    select
        org_id,
        invoice_number,
        unnest(['joint', 'without credits', 'own']) as base,
        case base
            when 'joint' then joint_base
            when 'without credits' then joint_base_without_credits
            else own_base
        end as printed_base
    from sums

),

-- A tax is on the lines of a monthly invoice and on those of orders billed with it.
levels_of_ours as (

    select
        org_id,
        invoice_number,
        group_product,
        unit_price,
        sum(quantity) as expected_base
    from answered_lines
    where is_tax
    group by org_id, invoice_number, group_product, product_code, unit_price

),

-- Our rates; where the vendor prints one sum, all of them.
rates as (

    select
        org_id,
        invoice_number,
        group_product,
        max(expected_base) as expected_base,
        list(unit_price) as rates
    from levels_of_ours
    group by org_id, invoice_number, group_product

),

based as (

    select
        grouped.*,
        rates.expected_base,
        rates.rates,
        list_sum(rates.rates)::decimal(28, 10) as our_rate,
        bases.printed_base,
        currencies.minor_units,
        list_sum(list_transform(
            rates.rates,
            lambda rate: {{ line_amount(
                'rate', 'bases.printed_base', 'currencies.minor_units'
            ) }}
        ))::decimal(28, 4) as tax_on_printed,
        {{ line_amount(
            'grouped.printed_price', 'rates.expected_base', 'currencies.minor_units'
        ) }} as our_base_at_their_rate,
        {{ line_amount(
            'grouped.printed_price', 'bases.printed_base', 'currencies.minor_units'
        ) }} as their_base_at_their_rate,
        -- The rate that an amount without one tells of our base.
        round(grouped.printed_amount / nullif(rates.expected_base, 0), 4)::decimal(28, 4)
            as told_rate,
        list_sum(list_transform(
            rates.rates,
            lambda rate: {{ line_amount(
                'rate', 'grouped.printed_quantity', 'currencies.minor_units'
            ) }}
        ))::decimal(28, 4) as tax_on_stated
    from grouped
    inner join bases
        on
            grouped.org_id = bases.org_id
            and grouped.invoice_number = bases.invoice_number
            and (bases.base <> 'own' or grouped.expected_lines = 0)
    left join rates
        on
            grouped.org_id = rates.org_id
            and grouped.invoice_number = rates.invoice_number
            and grouped.group_product = rates.group_product
    left join currencies
        on
            coalesce(grouped.expected_currency, grouped.printed_currency)
            = currencies.currency
    where grouped.is_tax and grouped.variance_amount <> 0
    -- A credit may be in the base or not; a tax that we do not have is on its own lines.
    qualify
        row_number() over (
            partition by grouped.org_id, grouped.group_id
            order by
                coalesce(grouped.printed_amount = tax_on_printed, false) desc,
                coalesce(grouped.printed_amount = their_base_at_their_rate, false) desc,
                bases.base
        ) = 1

),

-- Other lines that a tax may be taken on, of several that give the figure those that give
-- most of the invoice's taxes.
named_bases as (

    select
        based.org_id,
        based.group_id,
        bases.assumed,
        bases.place,
        count(*) over (
            partition by based.org_id, based.invoice_number, bases.assumed
        ) as taxes_count
    from based
    inner join {{ ref('int_tax_bases') }} as bases
        on
            based.org_id = bases.org_id
            and based.invoice_number = bases.invoice_number
            and coalesce(based.printed_quantity = bases.printed_base, true)
    where
        based.printed_amount = list_sum(list_transform(
            based.rates,
            lambda rate: {{ line_amount(
                'rate', 'bases.printed_base', 'based.minor_units'
            ) }}
        ))

),

named_base as (

    select *
    from named_bases
    qualify
        row_number() over (
            partition by org_id, group_id
            order by taxes_count desc, place asc, assumed asc
        ) = 1

),

-- An amount alone tells another rate only if the other taxes of the invoice agree.
levels as (

    select
        org_id,
        invoice_number,
        count(*) filter (where expected_lines > 0) as levels_count,
        count(*) filter (where expected_lines > 0 and variance_amount <> 0)
            as differing_count
    from grouped
    where is_tax
    group by org_id, invoice_number

),

named as (

    select
        based.*,
        named_base.assumed,
        levels.levels_count,
        levels.differing_count
    from based
    left join named_base
        on
            based.org_id = named_base.org_id
            and based.group_id = named_base.group_id
    left join levels
        on
            based.org_id = levels.org_id
            and based.invoice_number = levels.invoice_number

),

judged as (

    select
        *,
        case
            when printed_lines = 0 then 'tax_missing'
            when charge = 'again' then 'duplicate_line'
            when charge = 'credit' then 'credit'
            when expected_lines = 0 and levels_count > 0
                then if(group_product = 'tax', 'unknown_product', 'line_without_usage')
            when
                expected_lines = 0
                and (printed_price is null or printed_amount = their_base_at_their_rate)
                then 'follows'
            when expected_lines = 0 then 'tax_base_differs'
            when printed_amount = tax_on_printed then 'follows'
            when
                printed_price <> our_rate
                and printed_amount in (our_base_at_their_rate, their_base_at_their_rate)
                then 'tax_rate_differs'
            when printed_amount = tax_on_stated then 'tax_base_differs'
            when abs(variance_amount) <= power(10, -minor_units) then 'rounding'
            -- All levels at once, rounded once.
            when printed_price = our_rate and printed_amount = their_base_at_their_rate
                then 'follows'
            when assumed is not null then 'tax_base_differs'
            when
                printed_price is null
                and len(rates) = 1
                and (levels_count = 1 or differing_count < levels_count)
                and printed_amount = {{ line_amount(
                    'told_rate', 'expected_base', 'minor_units'
                ) }}
                then 'tax_rate_differs'
            when printed_price is null then 'tax_base_differs'
            else 'amount_is_not_quantity_times_rate'
        end as reason
    from named

),

-- A rate of its own on the vendor's own lines is two differences.
parts as (

    select
        *,
        reason as part_reason,
        if(
            reason = 'tax_rate_differs'
            and printed_amount <> our_base_at_their_rate
            and tax_on_printed <> expected_amount,
            printed_amount - tax_on_printed,
            variance_amount
        ) as part_amount,
        'whole' as part
    from judged
    union all by name
    select
        *,
        'follows' as part_reason,
        tax_on_printed - expected_amount as part_amount,
        'base' as part
    from judged
    where
        reason = 'tax_rate_differs'
        and printed_amount <> our_base_at_their_rate
        and tax_on_printed <> expected_amount

)

select
    org_id,
    invoice_number,
    group_id,
    part,
    part_reason as reason,
    product_code,
    'tax' as kind,
    minor_units,
    part_amount::decimal(28, 4) as amount,
    if(
        part_reason = 'duplicate_line',
        coalesce(
            'invoice ' || first_invoice_number || ' has it too',
            'it is on this invoice once more'
        ),
        nullif(
            concat_ws(
                ', ', {{ plain_money('printed_quantity', 'minor_units') }}, assumed
            ), ''
        )
    ) as assumed,
    printed_description,
    printed_quantity,
    expected_base as expected_quantity,
    printed_price,
    our_rate as expected_price,
    printed_amount,
    expected_amount,
    printed_base
from parts
