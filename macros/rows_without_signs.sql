{#
    Landed rows whose numbers are written as on paper, with the sign of the amount in front:
    `(150.00)`, `238.00-` and `150.00 CR` are negative, `5 %` of a rate is 0.05, and a currency's
    code or sign is left out if it is that of the row. A sign in the place of a code is that of the
    one currency that has it, and a row without a currency has the one that is beside its amount,
    if no other has that sign. What is none of this stays as it is.
#}
{% macro rows_without_signs(dataset, numbers, currency, condition=none) -%}
    {%- set mark = '[A-Z]{0,2}[$€£¥₹]|[A-Z]{3}' -%}
    {%- set code = "nullif(upper(trim(landed." ~ currency ~ ")), '')" -%}
    select
        landed.* replace (
            {%- for column in numbers %}
            {{ number_without_signs('landed.' ~ column, mark, column == 'rate') }} as {{ column }},
            {%- endfor %}
            coalesce(told.currency, nullif(trim(landed.{{ currency }}), '')) as {{ currency }}
        )
    from {{ source('lake', dataset) }} as landed
    left join (
        select
            mark,
            min(currency) as currency
        from (
            select
                currency,
                unnest([currency] || string_split(coalesce(signs, ''), ' ')) as mark
            from {{ ref('currencies') }}
        )
        group by mark
        having count(*) = 1
    ) as told
        on
            coalesce({{ code }}, regexp_extract(landed.amount, '{{ mark }}')) = told.mark
            and told.mark <> ''
    left join {{ ref('currencies') }} as currencies
        on coalesce(told.currency, {{ code }}) = currencies.currency
    {%- if condition %}
    where {{ condition }}
    {%- endif %}
{%- endmacro %}

{# A number without what is around its digits; as it is, if that is no sign, or one too many. #}
{% macro number_without_signs(column, mark, can_be_percentage) -%}
    list_transform(
        [regexp_extract(
            trim({{ column }}, ' ' || chr(9) || chr(160)),
            '^(\()?\s*([–−-])?\s*({{ mark }})?\s*([–−-])?\s*(\()?\s*'
            || '(\d[\d., ''’\x{A0}\x{2009}\x{202F}]*\d|\d[.,]?|[.,]\d+)\s*'
            || '(%{{ '{1}' if can_be_percentage else '{0}' }})?\s*({{ mark }})?\s*([–−-]|CR)?\s*(\))?$',
            [
                'opened', 'minus', 'before', 'minus_after', 'opened_after',
                'digits', 'percent', 'behind', 'minus_behind', 'closed'
            ]
        )],
        lambda part: case
            when
                part.digits = ''
                or (part.opened || part.opened_after <> '') <> (part.closed <> '')
                or len(
                    part.opened || part.minus || part.minus_after || part.opened_after
                    || left(part.minus_behind, 1)
                ) > 1
                or (part.before <> '' and part.behind <> '')
                or (
                    part.before || part.behind <> ''
                    and not coalesce(
                        part.before || part.behind = currencies.currency
                        or list_contains(
                            string_split(currencies.signs, ' '), part.before || part.behind
                        ),
                        false
                    )
                ) then {{ column }}
            else
                if(part.closed || part.minus || part.minus_after || part.minus_behind = '', '', '-')
                || translate(part.digits, '''’' || chr(8201), '   ')
                || if(part.percent = '', '', 'e-2')
        end
    )[1]
{%- endmacro %}
