{#
    The lines of invoices with whether they are totals of others, as a person types them from paper:
    `Subtotal Prepay`, `Total due`, `Amount Due USD`. A total says what the lines above it, from any
    of them on, or all lines say already; a subtotal may stand behind other lines than it sums: those
    of a section, or all up to where another section or the taxes begin. It may be rounded where
    lines are finer. `Total taxes` sums no product. One that says something else is wrong, if its
    words name nothing but a total, else a charge: a product or the taxes in one sum. A statement
    of the account, `Previous balance` or `Payment received`, is no charge either; what is due may
    have it in its sum.
#}
{% macro totals_of_lines(lines) -%}
    {% set total_words %}
        '^\W*(?:(?:grand|invoice|net|gross|new|final)\W+)*'
        || '(?:(?:sub\W?)?totals?|(?:amount|balance) (?:due|payable|owed)|please pay'
        || '|(?:new|current) charges)\b'
    {% endset %}
    {% set total_of_taxes %}
        '\btotals?\W+(?:(?:amount|of|for|the|all|your|applicable|sales|use|federal|state|local'
        || '|city|county|and)\W+)*' || {{ tax_words() }}
    {% endset %}
    {% set nothing_but_total %}
        '' || {{ total_words }}
        || '(?:\W+(?:due|payable|amount|charges?|fees|invoice|month|period|for|of|this|the|in'
        || '|now|all|lines|new|current))*\W*$'
    {% endset %}
    with worded as (

        select
            *,
            coalesce(
                not is_product and regexp_matches(description, {{ total_words }}, 'i'), false
            ) as is_worded_total,
            coalesce(regexp_matches(description, '^\W*sub\W?totals?\b', 'i'), false)
                as is_called_subtotal,
            is_worded_total
            and regexp_matches(description, {{ total_of_taxes }}, 'i')
            and {{ names_tax('description') }} as is_total_of_taxes,
            replace(upper(description), coalesce(currency, ''), '') as words,
            coalesce(
                not is_product
                and (
                    regexp_matches(words, {{ account_words() }}, 'i')
                    or (amount <= 0 and regexp_matches(words, {{ payment_words() }}, 'i'))
                ),
                false
            ) as is_of_account
        from {{ lines }}

    ),

    -- Up to each line: what is charged and how many products there are.
    counted as (

        select
            *,
            if(is_worded_total or is_of_account, 0, coalesce(amount, 0)) as own_amount,
            sum(own_amount) over (of_invoice order by source_row) as amount_so_far,
            sum(own_amount) over (
                partition by org_id, file_id, invoice_number, section
            ) as amount_in_section,
            if(is_product and kind is distinct from 'tax', 1, 0) as product_count,
            sum(product_count) over (of_invoice order by source_row) as products_so_far
        from worded
        window of_invoice as (partition by org_id, file_id, invoice_number)

    ),

    -- `Total taxes` behind lines that it sums, none of them a product; else it is the taxes
    -- in one sum, a charge that totals below it have, too.
    sums_of_taxes as (

        select distinct
            totals.org_id,
            totals.file_id,
            totals.source_row
        from counted as totals
        inner join counted as charges
            on
                totals.org_id = charges.org_id
                and totals.file_id = charges.file_id
                and totals.invoice_number = charges.invoice_number
                and (
                    (
                        totals.source_row > charges.source_row
                        and totals.products_so_far = charges.products_so_far
                        and totals.amount_so_far - totals.amount
                        = charges.amount_so_far - charges.own_amount
                    )
                    or (
                        totals.is_called_subtotal
                        and totals.section = charges.section
                        and totals.amount = charges.amount_in_section
                    )
                )
        where
            totals.is_total_of_taxes
            and not charges.is_worded_total
            and not charges.is_of_account
            and charges.product_count = 0

    ),

    called as (

        select
            counted.*,
            counted.is_worded_total
            and (
                not counted.is_total_of_taxes or sums_of_taxes.source_row is not null
            ) as is_called_total
        from counted
        left join sums_of_taxes
            on
                counted.org_id = sums_of_taxes.org_id
                and counted.file_id = sums_of_taxes.file_id
                and counted.source_row = sums_of_taxes.source_row

    ),

    summed as (

        select
            *,
            if(is_called_total or is_of_account, 0, coalesce(amount, 0)) as charged,
            if(is_of_account, coalesce(amount, 0), 0) as stated,
            sum(charged) over (of_invoice order by source_row) as charged_so_far,
            sum(charged) over of_invoice as charged_in_all,
            sum(charged) over (
                partition by org_id, file_id, invoice_number, section
            ) as charged_in_section,
            -- Behind it another section begins, or the taxes.
            coalesce(lead(section) over (of_invoice order by source_row), '')
            <> coalesce(section, '')
            or coalesce(
                regexp_matches(
                    lead(description) over (of_invoice order by source_row),
                    {{ tax_words() }},
                    'i'
                )
                and not regexp_matches(description, {{ tax_words() }}, 'i'),
                false
            ) as is_end_of_part,
            sum(stated) over (of_invoice order by source_row) as stated_so_far,
            sum(stated) over of_invoice as stated_in_all
        from called
        window of_invoice as (partition by org_id, file_id, invoice_number)

    ),

    totals as (

        select distinct
            totals.org_id,
            totals.file_id,
            totals.source_row
        from summed as totals
        inner join summed as charges
            on
                totals.org_id = charges.org_id
                and totals.file_id = charges.file_id
                and totals.invoice_number = charges.invoice_number
                and totals.source_row > charges.source_row
                and (
                    totals.charged_so_far - totals.amount
                    = charges.charged_so_far - charges.charged
                    or (
                        totals.is_called_subtotal
                        and (
                            totals.amount = charges.charged_in_section
                            or (
                                totals.amount = charges.charged_so_far
                                and charges.is_end_of_part
                            )
                        )
                    )
                )
        where
            totals.is_called_total
            and not charges.is_called_total
            and not charges.is_of_account

    ),

    -- What is due with a balance: a statement may sum the ones above it, as `Balance forward` does.
    dues as (

        select distinct
            totals.org_id,
            totals.file_id,
            totals.source_row
        from summed as totals
        inner join summed as statements
            on
                totals.org_id = statements.org_id
                and totals.file_id = statements.file_id
                and totals.invoice_number = statements.invoice_number
                and totals.charged_in_all + totals.stated_so_far - totals.amount
                = statements.stated_so_far - statements.stated
                and totals.source_row > statements.source_row
        where
            totals.is_called_total
            and statements.is_of_account

    ),

    told as (

        select
            summed.*,
            totals.source_row is not null as is_of_lines_above,
            dues.source_row is not null as is_due_with_balance
        from summed
        left join totals
            on
                summed.org_id = totals.org_id
                and summed.file_id = totals.file_id
                and summed.source_row = totals.source_row
        left join dues
            on
                summed.org_id = dues.org_id
                and summed.file_id = dues.file_id
                and summed.source_row = dues.source_row

    )

    select
        * exclude (
            is_product, kind, minor_units, is_worded_total, is_called_total,
            is_called_subtotal, is_total_of_taxes, words, own_amount, amount_so_far,
            amount_in_section, product_count, products_so_far, charged, stated,
            charged_so_far, charged_in_all, charged_in_section, is_end_of_part,
            stated_so_far, stated_in_all, is_of_lines_above, is_due_with_balance
        ),
        regexp_matches(words, {{ nothing_but_total }}, 'i') as is_nothing_but_total,
        is_of_lines_above
        or coalesce(
            is_nothing_but_total
            and (
                amount in (
                    charged_in_all,
                    {{ round_money('charged_in_all', 'coalesce(minor_units, 2)') }},
                    charged_in_all + stated_in_all,
                    {{ round_money('charged_in_all + stated_in_all', 'coalesce(minor_units, 2)') }}
                )
                or is_due_with_balance
            ),
            false
        ) as is_total,
        is_nothing_but_total and not is_total as is_wrong_total
    from told
{%- endmacro %}

{# A text that names nothing but an earlier balance of the account, or a payment that came in. #}
{% macro account_words() -%}
    '^\W*(?:less\W+)?(?:'
    || '(?:previous|prior|opening|beginning|starting|outstanding|unpaid|overdue|past\W+due|last)\W+'
    || '(?:(?:account|invoice|statement|bill|month|period|unpaid)(?:\Ws)?\W+)*balance'
    || '|(?:balance|amount)\W+(?:brought\W+|carried\W+)?forward|(?:brought|carried)\W+forward'
    || '|(?:balance|amount)\W+(?:from|of)\W+(?:the\W+|your\W+)?(?:last|previous|prior)'
    || '\W+(?:invoice|statement|bill|month|period)'
    || '|past\W+due(?:\W+amount)?|overdue\W+amount'
    || '|payments?\W+(?:received|made|applied|posted|thanks|thank\W+you)'
    || '|thank\W+you\W+for\W+your\W+payments?'
    || ')' || {{ words_beside_statements() }}
{%- endmacro %}

{# A text that names nothing but payments: less than nothing they came in, above they are due. #}
{% macro payment_words() -%}
    '^\W*(?:less\W+)?payments?(?:\W+(?:and\W+)?(?:credits?|adjustments?))?'
    || {{ words_beside_statements() }}
{%- endmacro %}

{# What may stand behind: when, how and for which invoice. #}
{% macro words_beside_statements() -%}
    '(?:\W+(?:thanks?|you|with|on|by|from|to|as|of|for|in|via|your|the|last|previous|prior|invoice'
    || '|statement|bill|month|period|account|amount|date|since|no|number|ref|reference|check|cheque'
    || '|card|ach|wire|bank|transfer|received'
    || '|(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)(?:uary|ruary|ch|il|ust|ember|ober)?'
    || '|[a-z]{0,4}[-#]?\d\w*))*\W*$'
{%- endmacro %}
