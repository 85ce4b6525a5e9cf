{#
    Which dispute each credit of the vendor settles, as CTEs of a `with recursive`; the last,
    `credit_parts`, has a row per credit and dispute, and one without a dispute for what is left.

    They read `printed_lines`, `differences`, `disputed` (dispute_id, claimed_amount, net_amount, disputed_on, ...), `claims`
    (their differences). The balances of both sides go from step to step, so that no amount is used twice. In each step the first
    pair of an organization is settled:

    0. what the credit's words name by the number of the invoice
    1. to 6. exact amounts: a whole dispute, one without its tax, a difference with its share of
       tax, a difference alone, two or three disputes, these without their taxes
    7. what is left of a dispute, exact
    8. any part, the oldest credit first: of disputes not refused, of the credit's product,
       opened, oldest
#}
{% macro matched_credits() -%}
-- What each number gives back, and the tax of it: its own, or if it prints none that of the
-- numbers which answer the same invoice of ours.
given_back as (

    select
        org_id,
        invoice_number,
        -sum(amount) filter (where is_credit) as credited,
        -sum(amount) filter (where not is_tax) as own_net,
        -sum(amount) filter (where is_tax) as own_tax,
        coalesce(own_tax, sum(own_tax) over answered) as all_tax,
        if(own_tax is null, sum(own_net) over answered, own_net) as all_net
    from differences
    group by org_id, invoice_number, answers
    window answered as (partition by org_id, answers)

),

credited_taxes as (

    select
        org_id,
        invoice_number,
        credited,
        least(all_tax, {{ divide_half_up('all_tax * credited', 'all_net') }})
            as credited_tax
    from given_back
    where all_tax > 0 and all_net > 0 and credited > 0

),

credits as (

    select
        differences.org_id,
        differences.difference_id as credit_id,
        differences.invoice_number as credit_number,
        differences.invoice_date as credited_on,
        differences.currency,
        differences.product_code,
        differences.caused_by,
        coalesce(printed_lines.description, '') as words,
        coalesce(currencies.minor_units, 2) as minor_units,
        -differences.amount as net_amount,
        sum(net_amount) over shared as net_so_far,
        coalesce(
            {{ round_money(divide_half_up(
                'credited_taxes.credited_tax * net_so_far', 'credited_taxes.credited'
            ), 'currencies.minor_units') }}
            - {{ round_money(divide_half_up(
                'credited_taxes.credited_tax * (net_so_far - net_amount)',
                'credited_taxes.credited'
            ), 'currencies.minor_units') }},
            0
        ) as tax_amount,
        (net_amount + tax_amount)::decimal(28, 4) as total_amount
    from differences
    left join credited_taxes
        on
            differences.org_id = credited_taxes.org_id
            and differences.invoice_number = credited_taxes.invoice_number
    -- A credit is a group by itself.
    left join printed_lines
        on
            differences.org_id = printed_lines.org_id
            and differences.group_id = {{ vendor_group_id(
                'printed_lines.invoice_number', 'printed_lines.group_product',
                'printed_lines.charge', 'printed_lines.line_number'
            ) }}
    left join {{ ref('currencies') }} as currencies
        on differences.currency = currencies.currency
    where differences.is_credit
    window
        shared as (
            partition by differences.org_id, differences.invoice_number
            order by differences.difference_id asc
        )

),

paired as (

    select
        credits.*,
        disputed.dispute_id,
        disputed.claimed_amount,
        disputed.net_amount as net_claimed,
        disputed.disputed_on,
        disputed.is_refused,
        disputed.is_opened,
        regexp_matches(
            ' ' || credits.words || ' ',
            '[^0-9A-Za-z]' || regexp_escape(disputed.invoice_number) || '[^0-9A-Za-z]'
        ) as is_named,
        coalesce(list_contains(disputed.product_codes, credits.product_code), false)
            as is_same_product,
        coalesce(list_contains(disputed.difference_ids, credits.caused_by), false)
            as is_tied
    from credits
    inner join disputed
        on
            credits.org_id = disputed.org_id
            and coalesce(credits.currency, disputed.currency, '')
            = coalesce(disputed.currency, credits.currency, '')
            and credits.credited_on >= disputed.disputed_on
    where disputed.claimed_amount > 0

),

whole as (

    select
        *,
        [dispute_id] as dispute_ids,
        [claimed_amount] as wanted,
        1 as step_order
    from paired
    union all by name
    select
        *,
        [dispute_id] as dispute_ids,
        [net_claimed] as wanted,
        2 as step_order
    from paired
    where net_claimed > 0

),

-- Two or three are looked for among the latest 40 before the credit: all threes of many would be
-- too many, and some of them have any sum.
latest as (

    select *
    from whole
    qualify
        row_number() over (
            partition by credit_id, step_order order by disputed_on desc, dispute_id asc
        ) <= 40

),

pairs as (

    select
        one.* replace (
            [one.dispute_id, two.dispute_id] as dispute_ids,
            [one.wanted[1], two.wanted[1]] as wanted,
            greatest(one.disputed_on, two.disputed_on) as disputed_on,
            one.step_order + 4 as step_order
        )
    from latest as one
    inner join latest as two
        on
            one.credit_id = two.credit_id
            and one.step_order = two.step_order
            and one.dispute_id < two.dispute_id

),

-- A difference, and all of one product.
disputed_products as (

    select
        dispute_id,
        claim_amount
    from claims
    where claim_amount > 0 and not is_tax
    union
    select
        dispute_id,
        sum(claim_amount) as claim_amount
    from claims
    where not is_tax
    group by dispute_id, product_code

),

candidates as (

    select * from whole
    union all by name
    select
        paired.*,
        [paired.dispute_id] as dispute_ids,
        [parts.claim_amount + if(
            kinds.has_tax,
            {{ round_money(divide_half_up(
                '(paired.claimed_amount - paired.net_claimed) * parts.claim_amount',
                'paired.net_claimed'
            ), 'paired.minor_units') }},
            0
        )] as wanted,
        if(kinds.has_tax, 3, 4) as step_order
    from paired
    inner join disputed_products as parts on paired.dispute_id = parts.dispute_id
    cross join (values (true), (false)) as kinds (has_tax)
    where paired.net_claimed > 0 and parts.claim_amount <= paired.net_claimed
    union all by name
    select * from pairs
    union all by name
    select
        pairs.* replace (
            list_append(pairs.dispute_ids, three.dispute_id) as dispute_ids,
            list_append(pairs.wanted, three.wanted[1]) as wanted,
            greatest(pairs.disputed_on, three.disputed_on) as disputed_on
        )
    from pairs
    cross join
        unnest(list_distinct([pairs.net_amount, pairs.total_amount])) as credit (amount)
    inner join latest as three
        on
            pairs.credit_id = three.credit_id
            and pairs.step_order = three.step_order + 4
            and pairs.dispute_ids[2] < three.dispute_id
            and credit.amount - pairs.wanted[1] - pairs.wanted[2] = three.wanted[1]

),

recognized as (

    select
        * replace (wanted::decimal(28, 4)[] as wanted)
    from candidates
    where list_sum(wanted) in (net_amount, total_amount)
    union all by name
    select
        *,
        [dispute_id] as dispute_ids,
        8 as step_order
    from paired

),

balances as (

    select
        org_id,
        map_from_entries(list((id, amount)))::map(varchar, decimal(28, 4)) as balances
    from (
        select distinct org_id, credit_id as id, total_amount as amount from paired
        union all
        select distinct org_id, dispute_id, claimed_amount from paired
    )
    group by org_id

),

matched as (

    select
        org_id,
        0 as step,
        null::varchar as credit_id,
        []::varchar[] as dispute_ids,
        []::decimal(28, 4)[] as amounts,
        balances
    from balances
    union all
    select
        org_id,
        step,
        credit_id,
        dispute_ids,
        settled as amounts,
        map_concat(balances, map(
            list_prepend(credit_id, dispute_ids),
            list_prepend(
                open_credit - list_sum(settled),
                list_transform(list_zip(opens, settled), lambda pair: pair[1] - pair[2])
            )
        )::map(varchar, decimal(28, 4)))
    from (
        select
            matched.org_id,
            matched.step + 1 as step,
            recognized.credit_id,
            recognized.dispute_ids,
            matched.balances,
            matched.balances[recognized.credit_id] as open_credit,
            list_transform(
                recognized.dispute_ids, lambda id: matched.balances[id]
            ) as opens,
            if(
                recognized.wanted is null,
                [least(opens[1], open_credit)],
                list_transform(
                    list_zip(opens, recognized.wanted),
                    lambda pair: least(pair[1], pair[2])
                )
            )::decimal(28, 4)[] as settled
        from matched
        inner join recognized on matched.org_id = recognized.org_id
        where
            open_credit > 0
            and list_min(opens) > 0
            and (
                recognized.wanted is null
                or (settled = recognized.wanted and open_credit = recognized.total_amount)
            )
        qualify
            row_number() over (
                partition by matched.org_id
                order by
                    coalesce(
                        recognized.credit_id = matched.credit_id
                        and list_has_all(matched.dispute_ids, recognized.dispute_ids),
                        false
                    ) desc,
                    recognized.is_named desc,
                    if(
                        recognized.wanted is null and open_credit = opens[1],
                        7, recognized.step_order
                    ) asc,
                    recognized.is_refused asc,
                    if(recognized.wanted is null, recognized.credited_on, null) asc,
                    if(recognized.wanted is null, recognized.credit_id, null) asc,
                    recognized.is_same_product desc,
                    recognized.is_tied desc,
                    recognized.is_opened desc,
                    recognized.disputed_on asc,
                    recognized.credited_on asc,
                    recognized.dispute_ids asc,
                    recognized.credit_id asc
            ) = 1
    )

),

settled as (

    select
        credit_id,
        unnest(dispute_ids) as dispute_id,
        unnest(amounts) as amount
    from matched

),

-- Every credit in full: what of it settles a dispute, and what is left.
credit_parts as (

    select
        credits.*,
        settled.dispute_id,
        settled.amount
    from settled
    inner join credits on settled.credit_id = credits.credit_id
    union all by name
    select
        credits.*,
        credits.total_amount - coalesce(parts.amount, 0) as amount
    from credits
    left join (
        select
            credit_id,
            sum(amount) as amount
        from settled
        group by credit_id
    ) as parts
        on credits.credit_id = parts.credit_id
    where credits.total_amount > coalesce(parts.amount, 0)

)
{%- endmacro %}
