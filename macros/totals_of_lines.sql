{#
    The lines of invoices with whether they are totals of others, as a person types them from paper:
    `Subtotal Prepay`, `Total due`, `Amount Due USD`. A total says what the lines above it, from any
    of them on, or all lines say already. One that says something else is wrong, if its words name
    nothing but a total, else a charge: a product or a total of taxes.
#}
{% macro totals_of_lines(lines) -%}
    {% set total_words %}
        '^\W*(?:(?:grand|invoice|net|gross|new|final)\W+)*'
        || '(?:(?:sub\W?)?totals?|(?:amount|balance) (?:due|payable|owed)|please pay)\b'
    {% endset %}
    {% set nothing_but_total %}
        '' || {{ total_words }}
        || '(?:\W+(?:due|payable|amount|charges?|fees|invoice|month|period|for|of|this|the|in'
        || '|now|all|lines))*\W*$'
    {% endset %}
    with summed as (

        select
            *,
            coalesce(regexp_matches(description, {{ total_words }}, 'i'), false)
                as is_called_total,
            if(is_called_total, 0, coalesce(amount, 0)) as charged,
            sum(charged) over (of_invoice order by source_row) as charged_so_far,
            sum(charged) over of_invoice as charged_in_all
        from {{ lines }}
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
                and totals.charged_so_far - totals.amount
                = charges.charged_so_far - charges.charged
                and totals.source_row > charges.source_row
        where
            totals.is_called_total
            and not charges.is_called_total

    ),

    told as (

        select
            summed.*,
            totals.source_row is not null as is_of_lines_above
        from summed
        left join totals
            on
                summed.org_id = totals.org_id
                and summed.file_id = totals.file_id
                and summed.source_row = totals.source_row

    )

    select
        * exclude (
            is_called_total, charged, charged_so_far, charged_in_all, is_of_lines_above
        ),
        regexp_matches(
            replace(upper(description), coalesce(currency, ''), ''),
            {{ nothing_but_total }},
            'i'
        ) as is_nothing_but_total,
        is_of_lines_above
        or coalesce(is_nothing_but_total and amount = charged_in_all, false) as is_total,
        is_nothing_but_total and not is_total as is_wrong_total
    from told
{%- endmacro %}
