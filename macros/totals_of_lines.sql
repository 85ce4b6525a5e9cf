{#
    The lines of invoices with whether they are totals of others, as a person types them from paper:
    `Subtotal Prepay`, `Devices total`, `Total due`. A total says what the lines above it, from any
    of them on, those of a section, those up to where another section or the taxes begin, all
    charges or all lines say already, rounded as the currency is where lines are finer. One that
    says something else is wrong, if its words name nothing but a total, else a charge. A statement
    of the account, `Previous balance` or `Payment received`, is no charge either; what is due may
    have it in its sum.

    `Total taxes` sums taxes and no product, above it or below. Where there are none to sum it is
    the taxes in one sum, a charge that totals have, too; so is `Total state taxes`, and what the
    total of the invoice has only with it.
#}
{% macro totals_of_lines(lines) -%}
    with worded as (

        select
            *,
            coalesce(
                not is_product and regexp_matches(description, {{ total_words() }}, 'i'), false
            ) as is_called_total,
            replace(upper(description), coalesce(currency, ''), '') as words,
            is_called_total
            and regexp_matches(words, {{ nothing_but_total_words() }}, 'i')
                as is_nothing_but_total,
            not regexp_matches(words, {{ subtotal_words() }}, 'i') as is_total_of_all,
            is_called_total
            and regexp_matches(words, {{ total_of_taxes_words() }}, 'i') as is_total_of_taxes,
            is_total_of_taxes
            and regexp_matches(words, {{ tax_level_words() }}, 'i') as is_total_of_level,
            not is_called_total
            and coalesce(
                if(is_product, kind = 'tax', {{ names_tax('description') }})
                or regexp_matches(replace(section, '_', ' '), {{ tax_words() }}, 'i'),
                false
            ) as is_tax,
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

    {{ lines_of_totals('levels', 'worded', 'is_total_of_level', 'not is_called_total') }}

    levels_told as (

        select
            worded.*,
            worded.is_total_of_level and levels.source_row is null as is_level
        from worded
        left join levels
            on
                worded.org_id = levels.org_id
                and worded.file_id = levels.file_id
                and worded.source_row = levels.source_row

    ),

    {{ lines_of_totals(
        'sums', 'levels_told', 'is_total_of_taxes and not is_total_of_level',
        'not is_called_total or is_level'
    ) }}

    -- Beside its taxes another sum of them is wrong, unless the total of the invoice has it.
    sums_told as (

        select
            told.*,
            sum(if(told.is_called_total and not told.is_level or told.is_of_account, 0, amount))
                over of_invoice as amount_without_sums,
            list(told.amount) filter (where told.is_nothing_but_total) over of_invoice
                as totals_of_invoice,
            told.is_total_of_taxes
            and not told.is_total_of_level
            and coalesce(
                list_contains(totals_of_invoice, amount_without_sums + told.amount)
                and not list_contains(totals_of_invoice, amount_without_sums),
                false
            ) as is_in_total_of_invoice,
            told.is_level
            or is_in_total_of_invoice
            or (
                told.is_total_of_taxes
                and not told.is_total_of_level
                and sums.source_row is null
                and not bool_or(told.is_tax or told.is_level) over of_invoice
            ) as is_tax_in_one_sum,
            told.is_total_of_taxes
            and not is_tax_in_one_sum
            and (told.is_total_of_level or sums.source_row is not null) as is_of_taxes
        from levels_told as told
        left join sums
            on
                told.org_id = sums.org_id
                and told.file_id = sums.file_id
                and told.source_row = sums.source_row
        window of_invoice as (
            partition by told.org_id, told.file_id, told.invoice_number
        )

    ),

    {{ lines_of_totals(
        'totals', 'sums_told', 'is_called_total and not is_total_of_taxes',
        'not is_called_total or is_tax_in_one_sum', of_taxes=false
    ) }}

    -- What is due with a balance: a statement may sum the ones above it, as `Balance forward` does.
    stated as (

        select
            *,
            sum(charged) filter (where not (is_tax or is_tax_in_one_sum)) over of_invoice
                as untaxed_in_all,
            if(is_of_account, coalesce(amount, 0), 0) as stated,
            sum(stated) over (of_invoice order by source_row) as stated_so_far,
            sum(stated) over of_invoice as stated_in_all
        from totals_counted
        window of_invoice as (partition by org_id, file_id, invoice_number)

    ),

    dues as (

        select distinct
            totals.org_id,
            totals.file_id,
            totals.source_row
        from stated as totals
        inner join stated as statements
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
            stated.*,
            totals.source_row is not null as is_of_lines,
            dues.source_row is not null as is_due_with_balance
        from stated
        left join totals
            on
                stated.org_id = totals.org_id
                and stated.file_id = totals.file_id
                and stated.source_row = totals.source_row
        left join dues
            on
                stated.org_id = dues.org_id
                and stated.file_id = dues.file_id
                and stated.source_row = dues.source_row

    )

    select
        * exclude (
            is_product, kind, minor_units, is_called_total, words, is_total_of_all,
            is_total_of_taxes, is_total_of_level, is_tax, is_level, amount_without_sums,
            totals_of_invoice, is_in_total_of_invoice, is_tax_in_one_sum, is_asked, is_charge,
            charged, charged_so_far, charged_in_all, charged_in_section, taxes_in_all,
            product_count, products_so_far, products_in_section, is_end_of_part,
            untaxed_in_all, stated, stated_so_far, stated_in_all, is_of_lines,
            is_due_with_balance
        ),
        is_of_lines
        or is_of_taxes
        or coalesce(
            is_nothing_but_total
            and (
                {{ is_sum('amount', 'charged_in_all') }}
                or {{ is_sum('amount', 'untaxed_in_all') }}
                or {{ is_sum('amount', 'charged_in_all + stated_in_all') }}
                or is_due_with_balance
            ),
            false
        ) as is_total,
        (is_nothing_but_total or is_total_of_taxes)
        and not is_tax_in_one_sum
        and not is_total as is_wrong_total
    from told
{%- endmacro %}

{#
    Two steps: `<name>_counted`, the lines with what the charges among them sum to, and `<name>`,
    the totals that sum others: from any line above on, those of a section, or those up to the end
    of a part. Of taxes, no product is among them, and all taxes of the invoice are such a sum.
#}
{% macro lines_of_totals(name, lines, is_total, is_charge, of_taxes=true) -%}
    {{ name }}_counted as (

        select
            *,
            {{ is_total }} as is_asked,
            ({{ is_charge }}) and not is_of_account as is_charge,
            if(is_charge, coalesce(amount, 0), 0) as charged,
            sum(charged) over (of_invoice order by source_row) as charged_so_far,
            sum(charged) over of_invoice as charged_in_all,
            sum(charged) over of_section as charged_in_section,
            sum(charged) filter (where is_tax or is_total_of_taxes) over of_invoice
                as taxes_in_all,
            if(is_product and kind is distinct from 'tax', 1, 0) as product_count,
            sum(product_count) over (of_invoice order by source_row) as products_so_far,
            sum(product_count) over of_section as products_in_section,
            -- Behind it another section begins, or the taxes.
            coalesce(lead(section) over (of_invoice order by source_row), '')
            <> coalesce(section, '')
            or coalesce(
                lead(is_tax or is_total_of_taxes) over (of_invoice order by source_row)
                and not is_tax,
                false
            ) as is_end_of_part
        from {{ lines }}
        window
            of_invoice as (partition by org_id, file_id, invoice_number),
            of_section as (partition by org_id, file_id, invoice_number, section)

    ),

    {{ name }} as (

        select distinct
            totals.org_id,
            totals.file_id,
            totals.source_row
        from {{ name }}_counted as totals
        inner join {{ name }}_counted as charges
            on
                totals.org_id = charges.org_id
                and totals.file_id = charges.file_id
                and totals.invoice_number = charges.invoice_number
                and (
                    (
                        totals.source_row > charges.source_row
                        and {{ is_sum(
                            'totals.amount',
                            'totals.charged_so_far - charges.charged_so_far + charges.charged',
                            'totals.minor_units'
                        ) }}
                        {% if of_taxes %}
                            and totals.products_so_far
                            = charges.products_so_far - charges.product_count
                        {% endif %}
                    )
                    or (
                        not (totals.is_nothing_but_total and totals.is_total_of_all)
                        and (
                            totals.source_row > charges.source_row
                            or not totals.is_total_of_all
                        )
                        and totals.section = charges.section
                        and {{ is_sum(
                            'totals.amount', 'charges.charged_in_section', 'totals.minor_units'
                        ) }}
                        {% if of_taxes %}
                            and charges.products_in_section = 0
                        {% endif %}
                    )
                    {% if of_taxes %}
                        or (
                            (charges.is_tax or charges.is_total_of_taxes)
                            and {{ is_sum(
                                'totals.amount', 'charges.taxes_in_all', 'totals.minor_units'
                            ) }}
                        )
                    {% else %}
                        or (
                            totals.source_row > charges.source_row
                            and charges.is_end_of_part
                            and not (totals.is_nothing_but_total and totals.is_total_of_all)
                            and {{ is_sum(
                                'totals.amount', 'charges.charged_so_far', 'totals.minor_units'
                            ) }}
                        )
                    {% endif %}
                )
        where
            totals.is_asked
            and charges.is_charge

    ),
{%- endmacro %}

{# Whether an amount is a sum, rounded as its currency is or not. #}
{% macro is_sum(amount, sum, minor_units='minor_units') -%}
    {{ amount }} in (
        {{ sum }}, {{ round_money(sum, 'coalesce(' ~ minor_units ~ ', 2)') }}
    )
{%- endmacro %}

{# Words that begin or end as a total does. #}
{% macro total_words() -%}
    '^\W*(?:(?:grand|invoice|page|account|net|gross|new|final)\W+)*'
    || '(?:(?:sub\W?)?totals?|totale|totaal|subtotaal|zwischensumme|gesamt(?:summe|betrag)?|summe'
    || '|(?:rechnungs|netto|brutto)(?:summe|betrag)|sous\W?total|montant total|net . payer'
    || '|importe total|base imponible|imponibile|te betalen'
    || '|(?:amount|balance) (?:due|payable|owed|to pay)|taxable amount|please pay'
    || '|(?:new|current) charges)\b'
    || '|\b(?:(?:sub\W?)?total|gesamt)\W*(?:\b[a-z]{3}\W*)?$'
{%- endmacro %}

{# Words that name a part of an invoice and not all of it. #}
{% macro subtotal_words() -%}
    '\b(?:sub\W?totals?|subtotaal|sous\W?total|zwischensumme|page)\b'
{%- endmacro %}

{# Words that name nothing but a total: no product, no tax. #}
{% macro nothing_but_total_words() -%}
    '^\W*(?:\W*\b(?:grand|invoice|page|account|net|gross|new|final|sub\W?totals?|totals?|totale'
    || '|totaal|subtotaal|zwischensumme|gesamt(?:summe|betrag)?|summe'
    || '|(?:rechnungs|netto|brutto)(?:summe|betrag)|sous|montant|importe|base imponible|imponibile'
    || '|te betalen|net . payer|amount|balance|due|payable|owed|to pay|taxable|please|pay|charges?'
    || '|current|month|period|for|of|this|the|in|now|all|fees|lines|ht|ttc|\d+'
    || '|(?:(?:incl|excl|inkl|exkl)\w*|before|after|with|without|plus|zzgl|ohne)'
    || '\W+(?:all\W+|any\W+|of\W+)*' || {{ tax_words() }} || ')\b)*\W*$'
{%- endmacro %}

{# Words that name the sum of taxes, of all or of a level. #}
{% macro total_of_taxes_words() -%}
    {% set beside %}
        '(?:sub\W?totals?|totals?|grand|invoice|amount|of|for|the|all|your|applicable|sales|use'
        || '|federal|state|local|city|county|municipal|provincial|and|due|gesamt)'
    {% endset %}
    '^\W*(?:' || {{ beside }} || '\W+)*' || {{ tax_words() }}
    || '(?:\W+(?:' || {{ beside }} || '|amounts?|fees|surcharges|levies|\d+))*\W*$'
{%- endmacro %}

{# Words that name a level of taxes. #}
{% macro tax_level_words() -%}
    '\b(?:federal|state|local|city|county|municipal|provincial)\b'
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
