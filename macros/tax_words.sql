{#
    Words that name a tax (TAX-01), and whether the words of a line do: `incl. VAT`, `before taxes`
    and `tax-free` only tell how a price is meant.
#}
{% macro tax_words() -%}
    '\b(?:tax|taxes|vat|gst|hst|pst|mwst|ust|umsatzsteuer|iva|tva|btw)\b'
{%- endmacro %}

{% macro priced_with_tax() -%}
    '(?:\b(?:(?:incl|inkl|excl|exkl)\w*|exempt|before|net|without|ohne|subject to)\b\W+'
    || '(?:\w+\W+){0,3}?|\b(?:non|pre|no)\W+)' || {{ tax_words() }}
    || '|' || {{ tax_words() }} || '[\s-]*(?:free|exempt|incl|inkl|included|inclusive|excl'
    || '|excluded|exclusive)\b'
{%- endmacro %}

{% macro names_tax(description) -%}
    regexp_matches({{ description }}, {{ tax_words() }}, 'i')
    and not regexp_matches(
        {{ description }}, '\w\W.*(?:' || {{ priced_with_tax() }} || ')', 'i'
    )
{%- endmacro %}
