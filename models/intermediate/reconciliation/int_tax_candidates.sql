with

our_taxes as (

    select * from {{ ref('int_answered_lines') }}
    where is_tax

),

-- A tax is on the lines of a monthly invoice and on those of orders billed with it.
rates_of_number as (

    select
        org_id,
        invoice_number,
        group_product,
        product_code as code,
        unit_price as rate,
        sum(quantity) as base
    from our_taxes
    group by all

),

taxed_numbers as (

    select
        org_id,
        invoice_number,
        max(invoice_date) as invoice_date
    from {{ ref('int_printed_lines') }}
    where is_tax
    group by org_id, invoice_number

),

our_rates as (

    select distinct
        org_id,
        product_code,
        invoice_date,
        unit_price
    from our_taxes

),

-- A number that no tax of ours belongs to is at the rates of the others: those in force on
-- its date, or the first; of several the highest.
rates_of_organization as (

    select
        numbers.org_id,
        numbers.invoice_number,
        unnest([our_rates.product_code, 'tax']) as group_product,
        our_rates.product_code as code,
        first(
            our_rates.unit_price
            order by
                our_rates.invoice_date > numbers.invoice_date asc,
                abs(numbers.invoice_date - our_rates.invoice_date) asc,
                our_rates.unit_price desc
        ) as rate
    from taxed_numbers as numbers
    inner join our_rates
        on numbers.org_id = our_rates.org_id
    group by numbers.org_id, numbers.invoice_number, our_rates.product_code

),

{% for source, base in [
    ('number', 'max(base)'),
    ('organization', 'null'),
] %}
    levels_of_{{ source }} as (

        select
            org_id,
            invoice_number,
            group_product,
            {{ base }} as expected_base,
            list(
                {
                    'code': code,
                    'rate': rate
                }
                order by code
            ) as levels
        from rates_of_{{ source }}
        group by org_id, invoice_number, group_product

    ),

{% endfor %}
-- A minor unit for each line of a tax is rounding (INV-12).
figures as (

    select
        figures.*,
        currencies.minor_units,
        power(10, -currencies.minor_units)
        * greatest(figures.printed_lines, figures.expected_lines) as rounding
    from {{ ref('int_group_figures') }} as figures
    inner join {{ ref('currencies') }} as currencies
        on
            coalesce(figures.expected_currency, figures.printed_currency)
            = currencies.currency
    where figures.is_tax

),

taxes_of_number as (

    select
        org_id,
        invoice_number,
        count(*) as taxes_count,
        count(*) filter (where abs(variance_amount) > rounding) as differing_count
    from figures
    where expected_lines > 0
    group by org_id, invoice_number

),

-- As it is printed, and without the lines that are there once more.
taxes as (

    select
        figures.org_id,
        figures.invoice_number,
        figures.group_id,
        figures.expected_lines,
        figures.expected_amount,
        figures.printed_lines,
        figures.printed_quantity,
        figures.printed_price,
        coalesce(figures.repeated_sum, 0) as repeated_sum,
        extras.again_amount::decimal(28, 4) as again_amount,
        (figures.printed_amount - extras.again_amount)::decimal(28, 4) as amount,
        levels_of_number.expected_base,
        coalesce(levels_of_number.levels, levels_of_organization.levels, []) as levels,
        figures.minor_units,
        figures.rounding,
        taxes_of_number.taxes_count = 1
        or taxes_of_number.taxes_count > taxes_of_number.differing_count as has_base
    from figures
    left join taxes_of_number
        on
            figures.org_id = taxes_of_number.org_id
            and figures.invoice_number = taxes_of_number.invoice_number
    cross join
        unnest(
            list_distinct([0, coalesce(figures.repeated_sum, 0)])
        ) as extras (again_amount)
    left join levels_of_number
        on
            figures.org_id = levels_of_number.org_id
            and figures.invoice_number = levels_of_number.invoice_number
            and figures.group_product = levels_of_number.group_product
    left join levels_of_organization
        on
            figures.org_id = levels_of_organization.org_id
            and figures.invoice_number = levels_of_organization.invoice_number
            and figures.group_product = levels_of_organization.group_product
    where
        figures.printed_lines > 0
        and figures.variance_amount <> 0
        and coalesce(figures.charge, '') not in ('again', 'credit')

),

-- One piece at the amount tells no rate and no base; 5 may be 5 percent. Lines of one tax
-- are each on a part of the base, or all on the whole of it.
stated as (

    select
        *,
        coalesce(list_sum(list_transform(levels, lambda level: level['rate'])), 0)
        ::decimal(28, 10) as our_rate,
        case
            when printed_quantity = 1 and printed_price = amount then null
            when printed_price > 0 and printed_price < 1 then printed_price
            when
                {{ line_amount('printed_price / 100', 'printed_quantity', 'minor_units') }}
                = amount
                then printed_price / 100
        end::decimal(28, 10) as stated_rate,
        case
            {% for base in ['printed_quantity', 'printed_quantity / printed_lines'] %}
                when
                    (printed_price is null or stated_rate is not null)
                    and again_amount = repeated_sum
                    and abs(
                        amount - {{ line_amount(
                            'coalesce(stated_rate, our_rate)', base, 'minor_units'
                        ) }}
                    ) <= rounding
                    then {{ base }}
            {% endfor %}
        end::decimal(38, 6) as stated_base,
        stated_rate is not null
        and printed_quantity is not null
        and stated_base is null as is_wrong
    from taxes

),

-- Our rates, these without some levels of a sum, or the one that is printed.
rates as (

    select
        stated.*,
        if(len(kept.levels) = len(stated.levels), 'ours', 'missing') as rate_kind,
        list_filter(
            stated.levels, lambda level: not list_contains(kept.levels, level)
        ) as missing,
        list_transform(kept.levels, lambda level: level['rate'])::decimal(28, 10)[] as rates
    from stated
    cross join
        unnest(list_distinct(list_concat(
            [stated.levels],
            list_transform(stated.levels, lambda level: [level]),
            list_transform(
                stated.levels,
                lambda one: list_filter(stated.levels, lambda level: level <> one)
            )
        ))) as kept (levels)
    where
        len(kept.levels) > 0
        and (stated.expected_lines > 0 or len(kept.levels) = len(stated.levels))
    union all by name
    select
        *,
        'other' as rate_kind,
        [stated_rate] as rates
    from stated
    where stated_rate <> our_rate
    union all by name
    select
        *,
        'told' as rate_kind
    from stated
    where stated_rate is null and len(levels) = 1 and expected_lines > 0

),

-- A tax follows from the vendor's own lines only where they differ from ours; where they do
-- not, all lines are a base like any other, if it is not ours.
bases as (

    select
        org_id,
        group_id,
        again_amount,
        'ours' as base_kind,
        null as assumed,
        0 as place,
        expected_base as base
    from stated
    union all
    select
        org_id,
        group_id,
        again_amount,
        'stated' as base_kind,
        null as assumed,
        9 as place,
        stated_base as base
    from stated
    where stated_base is distinct from expected_base
    union all
    select
        stated.org_id,
        stated.group_id,
        stated.again_amount,
        if(
            bases.place = 0 and bases.printed_base is distinct from bases.our_amount,
            'own',
            'named'
        ) as base_kind,
        bases.assumed,
        bases.place,
        bases.printed_base as base
    from stated
    inner join {{ ref('int_tax_bases') }} as bases
        on
            stated.org_id = bases.org_id
            and stated.invoice_number = bases.invoice_number
    where bases.place > 0 or bases.printed_base is distinct from stated.expected_base

),

-- An amount tells a rate to a tenth of a percent, and to a hundredth where that is at least
-- five minor units.
paired as (

    select
        rates.* exclude (rates),
        bases.base_kind,
        bases.assumed,
        bases.place,
        bases.base,
        if(
            rates.rate_kind = 'told',
            [
                if(
                    abs(bases.base) >= 50000 * power(10, -rates.minor_units),
                    round(rates.amount / nullif(bases.base, 0), 4),
                    round(rates.amount / nullif(bases.base, 0), 3)
                )
            ],
            rates.rates
        )::decimal(28, 10)[] as rates
    from rates
    inner join bases
        on
            rates.org_id = bases.org_id
            and rates.group_id = bases.group_id
            and rates.again_amount = bases.again_amount

),

-- Each level of a sum is rounded by itself, or all at once.
tried as (

    select
        *,
        list_sum(list_transform(
            rates, lambda rate: {{ line_amount('rate', 'base', 'minor_units') }}
        ))::decimal(28, 4) as figure_by_level,
        {{ line_amount('list_sum(rates)', 'base', 'minor_units') }} as figure_at_once,
        amount = figure_at_once and amount <> figure_by_level as is_at_once,
        case
            when base_kind = 'ours' then expected_amount
            when is_at_once then {{ line_amount('our_rate', 'base', 'minor_units') }}
            else
                list_sum(list_transform(
                    levels,
                    lambda level:
                    {{ line_amount("level['rate']", 'base', 'minor_units') }}
                ))
        end::decimal(28, 4) as at_our_rate,
        case
            when rate_kind = 'ours' then at_our_rate
            when is_at_once then figure_at_once
            else figure_by_level
        end as figure
    from paired

),

-- What a line states is so, unless our rates on the vendor's own lines give its amount and
-- it states no other rate that gives it.
-- An amount alone tells another rate only beside a tax that tells the base.
possible as (

    select
        *,
        figure = amount as is_exact,
        base_kind = 'ours' and rate_kind = 'ours' and again_amount = 0 as is_agreed,
        base_kind = 'own' and rate_kind = 'ours' and is_exact as is_following,
        (again_amount <> 0)::integer
        + (base_kind <> 'ours')::integer
        + if(rate_kind = 'missing', len(missing), (rate_kind <> 'ours')::integer)
            as changes,
        count(*) over (
            partition by org_id, invoice_number, assumed, rate_kind, again_amount
        ) as taxes_count,
        rate_kind <> 'told'
        or (
            rates[1] <> our_rate
            and (
                (base_kind = 'ours' and has_base)
                or (
                    base_kind = 'own'
                    and bool_or(is_following) over (partition by org_id, invoice_number)
                )
            )
        ) as is_told
    from tried
    where
        (
            (is_following and coalesce(stated_rate = our_rate or stated_base is null, true))
            or (
                not is_wrong
                and coalesce(base = stated_base, true)
                and coalesce(list_sum(rates) = stated_rate, true)
            )
        )
        and (
            is_exact
            or (
                abs(figure - amount) <= rounding
                and base_kind <> 'named'
                and rate_kind in ('ours', 'other')
            )
        )

)

-- The way with the fewest changes that gives the amount, exactly or but for rounding; other
-- lines that no line states come after rounding.
select
    org_id,
    group_id,
    minor_units,
    again_amount,
    amount,
    expected_base,
    our_rate,
    base_kind,
    base,
    if(
        base_kind in ('stated', 'named'),
        concat_ws(', ', {{ plain_money('stated_base', 'minor_units') }}, assumed), null
    ) as assumed,
    rate_kind,
    if(rate_kind in ('other', 'told'), rates[1], stated_rate) as printed_rate,
    missing,
    at_our_rate,
    figure
from possible
where is_told
qualify
    row_number() over (
        partition by org_id, group_id
        order by
            case
                when is_exact and (base_kind <> 'named' or base = stated_base) then 0
                when is_agreed then 1
                when is_exact then 2
                else 3
            end asc,
            changes asc,
            again_amount <> 0 desc,
            is_following desc,
            list_position(['missing', 'other', 'told', 'ours'], rate_kind) asc,
            assumed is null asc,
            taxes_count desc,
            place asc,
            assumed asc
    ) = 1
