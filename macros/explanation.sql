{# The sentence of the seed difference_reasons, read as `reasons`, that is true of a difference. #}
{% macro sentence(difference) -%}
    case
        when {{ difference }}.kind = 'minimum' and reasons.minimum_explanation <> ''
            then reasons.minimum_explanation
        {%- for name in ['assumed', 'printed_price', 'printed_amount', 'expected_amount'] %}
        when
            reasons.needs = '{{ name }}'
            and {{ 'coalesce(%s.%s, 0) = 0' % (difference, name) if name == 'expected_amount'
                else '%s.%s is null' % (difference, name) }}
            then reasons.bare_explanation
        {%- endfor %}
        else reasons.explanation
    end
{%- endmacro %}

{#
    A sentence of the seed difference_reasons with the figures of a difference in the place of the
    names in braces: amounts as money, prices with as many decimals at least, rates of a tax as
    a percentage. What a figure has not is said in words.
#}
{% macro explanation(difference, sentence) -%}
    {%- set minor_units = difference ~ '.minor_units' -%}
    {%- set figures = {
        'printed_quantity': (
            'coalesce(' ~ plain_number(difference ~ '.printed_quantity') ~ ', if('
            ~ difference ~ ".printed_amount <> 0, 'an unstated quantity', null))", 'none'
        ),
        'expected_quantity': (plain_number(difference ~ '.expected_quantity'), 'none'),
        'printed_price': (
            plain_price(difference ~ '.printed_price', minor_units), 'several rates'
        ),
        'expected_price': (
            plain_price(difference ~ '.expected_price', minor_units), 'several rates'
        ),
        'printed_percent': (
            plain_number('100 * ' ~ difference ~ '.printed_price') ~ " || ' %'", 'another rate'
        ),
        'expected_percent': (
            plain_number('100 * ' ~ difference ~ '.expected_price') ~ " || ' %'", 'no rate'
        ),
        'printed_amount': (
            plain_money(difference ~ '.printed_amount', minor_units), 'nothing'
        ),
        'expected_amount': (
            plain_money(difference ~ '.expected_amount', minor_units), 'nothing'
        ),
        'expected_base': (
            plain_money(difference ~ '.expected_quantity', minor_units), '0.00'
        ),
        'assumed': (
            'replace(' ~ difference
            ~ ".assumed, 'accumulated_exact', 'accumulated by exactly so many users')",
            'not known'
        ),
        'sort': ('if(' ~ difference ~ ".kind = 'tax', 'tax', 'product')", 'product'),
        'description': (masked_words(difference ~ '.printed_description'), 'It'),
        'product': ('coalesce(' ~ difference ~ '.invoice_name, ' ~ difference ~ '.product_code)', 'it'),
    } -%}
    {%- set said = namespace(sql=sentence) -%}
    {%- for name, (figure, otherwise) in figures.items() -%}
        {%- set said.sql = "replace(" ~ said.sql ~ ", '{" ~ name ~ "}', coalesce("
            ~ figure ~ ", '" ~ otherwise ~ "'))" -%}
    {%- endfor -%}
    {{ said.sql }}
{%- endmacro %}
