with

figures as (

    select
        *,
        count(*) filter (where expected_lines > 0) over (
            partition by org_id, invoice_number
        ) as levels_count
    from {{ ref('int_group_figures') }}
    where is_tax

),

currencies as (

    select * from {{ ref('currencies') }}

),

-- What is seen on the invoice itself, or what no way gives.
judged as (

    select
        figures.* replace (
            -- One line for several levels, or beside all of them, is none of them.
            if(
                figures.group_product = 'tax'
                and figures.printed_lines > 0
                and (
                    figures.expected_lines > 1
                    or figures.surplus_description is not null
                ),
                null,
                figures.product_code
            ) as product_code,
            coalesce(figures.surplus_description, figures.printed_description)
                as printed_description
        ),
        candidates.again_amount,
        candidates.amount,
        candidates.expected_base,
        candidates.our_rate,
        candidates.base_kind,
        candidates.base,
        candidates.assumed,
        candidates.rate_kind,
        candidates.printed_rate,
        candidates.missing,
        candidates.at_our_rate,
        candidates.figure,
        currencies.minor_units,
        case
            when figures.printed_lines = 0 then 'tax_missing'
            when figures.charge = 'again' then 'duplicate_line'
            when figures.charge = 'credit' then 'credit'
            when figures.expected_lines = 0 and figures.levels_count > 0
                then
                    if(
                        figures.group_product = 'tax',
                        'unknown_product', 'line_without_usage'
                    )
            when figures.group_product = 'tax' and figures.surplus_description is not null
                then 'unknown_product'
            when candidates.base_kind = 'own' and figures.expected_lines = 0 then 'follows'
            when candidates.base_kind is not null and figures.expected_lines = 0
                then 'tax_base_differs'
            when candidates.base_kind is not null then null
            when
                figures.printed_amount = figures.printed_compared_amount
                and abs(
                    figures.printed_amount - {{ line_amount(
                        'figures.printed_quantity', 'figures.printed_price',
                        'currencies.minor_units'
                    ) }}
                ) > figures.printed_lines * power(10, -currencies.minor_units)
                then 'amount_is_not_quantity_times_rate'
            else 'unexplained'
        end as fact
    from figures
    left join {{ ref('int_tax_candidates') }} as candidates
        on
            figures.org_id = candidates.org_id
            and figures.group_id = candidates.group_id
    left join currencies
        on
            coalesce(figures.expected_currency, figures.printed_currency)
            = currencies.currency
    where figures.variance_amount <> 0

),

-- Of several levels that a sum lacks, the first has what rounding leaves.
missing_levels as (

    select
        judged.*,
        levels.level,
        {{ line_amount("levels.level['rate']", 'judged.base', 'judged.minor_units') }}
            as level_amount,
        if(
            levels.level = judged.missing[1],
            judged.at_our_rate - judged.figure
            + level_amount
            - sum(level_amount) over (partition by judged.org_id, judged.group_id),
            level_amount
        ) as missing_amount
    from judged
    cross join unnest(judged.missing) as levels (level)
    where judged.fact is null

),

-- Lines that are there once more, our rates on the vendor's base, then its rate or the
-- levels that a sum lacks, and what rounding leaves.
parts as (

    select
        *,
        'whole' as part,
        fact as reason,
        variance_amount as part_amount
    from judged
    where fact is not null
    {% for part, reason, amount in [
        ('extra', "'duplicate_line'", 'again_amount'),
        ('base', "if(base_kind = 'own', 'follows', 'tax_base_differs')",
            'at_our_rate - expected_amount'),
        ('rate', "'tax_rate_differs'",
            "if(rate_kind in ('other', 'told'), figure - at_our_rate, 0)"),
        ('rest', "'rounding'", 'amount - figure'),
    ] %}
        union all by name
        select
            *,
            '{{ part }}' as part,
            {{ reason }} as reason,
            {{ amount }} as part_amount
        from judged
        where fact is null and {{ amount }} <> 0
    {% endfor %}
    union all by name
    select
        * replace (
            level['code'] as product_code,
            level['rate'] as our_rate,
            {{ line_amount("level['rate']", 'expected_base', 'minor_units') }}
                as expected_amount
        ),
        'without ' || level['code'] as part,
        'tax_missing' as reason,
        -missing_amount as part_amount
    from missing_levels

)

select
    org_id,
    invoice_number,
    group_id,
    part,
    reason,
    product_code,
    'tax' as kind,
    minor_units,
    part_amount::decimal(28, 4) as amount,
    abs(part_amount) <= power(10, -minor_units) * greatest(printed_lines, expected_lines)
        as is_within_rounding,
    case
        when reason = 'tax_base_differs' then assumed
        when reason = 'duplicate_line'
            then
                coalesce(
                    'invoice ' || first_invoice_number || ' has it too',
                    'it is on this invoice once more'
                )
    end as assumed,
    printed_description,
    printed_quantity,
    coalesce(expected_base, expected_quantity) as expected_quantity,
    if(fact is null, printed_rate, printed_price) as printed_price,
    coalesce(our_rate, expected_price) as expected_price,
    case
        when reason = 'unknown_product' then part_amount
        else coalesce(amount, printed_amount)
    end as printed_amount,
    if(part = 'rest', figure, expected_amount) as expected_amount
from parts
