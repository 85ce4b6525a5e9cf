{#
    The digits of a phone number, to find it in another dataset: without what an exchange or a country puts
    before it (`+`, leading zeros, the 1 of eleven digits) and without the host of a SIP address.
#}
{% macro number_digits(number) -%}
    regexp_replace(
        ltrim(
            if(
                regexp_full_match({{ number }}, '[+]?[0-9]+'),
                {{ number }},
                regexp_replace(regexp_extract({{ number }}, '^[^@;]*'), '[^0-9]', '', 'g')
            ),
            '+0'
        ),
        '^1([0-9]{10})$',
        '\1'
    )
{%- endmacro %}
