{#
    A sentence of the seed difference_reasons with the numbers of a difference in the place of the
    names in braces; what has no number is `nothing`.
#}
{% macro explanation(difference, sentence) -%}
    {%- set numbers = [
        'printed_quantity', 'expected_quantity', 'printed_price', 'expected_price',
        'printed_amount', 'expected_amount',
    ] -%}
    {%- set texts = {
        'assumed': 'assumed', 'description': 'printed_description', 'product': 'product_code',
    } -%}
    {%- set said = namespace(sql=sentence) -%}
    {%- for number in numbers -%}
        {%- set said.sql = "replace(" ~ said.sql ~ ", '{" ~ number ~ "}', coalesce("
            ~ plain_number(difference ~ '.' ~ number) ~ ", 'nothing'))" -%}
    {%- endfor -%}
    {%- for name, column in texts.items() -%}
        {%- set said.sql = "replace(" ~ said.sql ~ ", '{" ~ name ~ "}', coalesce("
            ~ difference ~ '.' ~ column ~ ", 'it'))" -%}
    {%- endfor -%}
    {{ said.sql }}
{%- endmacro %}
