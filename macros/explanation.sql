{#
    A sentence of the seed difference_reasons with the figures of a difference in the place of the
    names in braces: amounts as money, rates of a tax as a percentage. What a figure has not is
    said in words.
#}
{% macro explanation(difference, sentence) -%}
    {%- set figures = {
        'printed_quantity': (plain_number(difference ~ '.printed_quantity'), 'no quantity'),
        'expected_quantity': (plain_number(difference ~ '.expected_quantity'), 'none'),
        'printed_price': (plain_number(difference ~ '.printed_price'), 'several rates'),
        'expected_price': (plain_number(difference ~ '.expected_price'), 'several rates'),
        'printed_percent': (
            plain_number('100 * ' ~ difference ~ '.printed_price') ~ " || ' %'", 'another rate'
        ),
        'expected_percent': (
            plain_number('100 * ' ~ difference ~ '.expected_price') ~ " || ' %'", 'no rate'
        ),
        'printed_amount': (
            plain_money(difference ~ '.printed_amount', difference ~ '.minor_units'), 'nothing'
        ),
        'expected_amount': (
            plain_money(difference ~ '.expected_amount', difference ~ '.minor_units'), 'nothing'
        ),
        'assumed': (difference ~ '.assumed', 'not known'),
        'description': (difference ~ '.printed_description', 'It'),
        'product': (difference ~ '.product_code', 'it'),
    } -%}
    {%- set said = namespace(sql=sentence) -%}
    {%- for name, (figure, otherwise) in figures.items() -%}
        {%- set said.sql = "replace(" ~ said.sql ~ ", '{" ~ name ~ "}', coalesce("
            ~ figure ~ ", '" ~ otherwise ~ "'))" -%}
    {%- endfor -%}
    {{ said.sql }}
{%- endmacro %}
