{#
    A text of the vendor's invoice without its brackets, as they may say what a line is not: `Overage
    (above prepaid)`. Brackets that hold how the line is charged and nothing else stay, as the text
    writes it at its end: `(Prepay)`, `(annual prepay)`, `(committed)`.
#}
{% macro charge_words(text) -%}
    {%- set said = '(?:annual(?:ly)?|yearly|monthly|users?|licenses?|seats?|units?|charges?)' -%}
    {%- set steps = namespace(text=text) -%}
    {%- for charge, words in [('prepay', 'prepa(?:y|id)'), ('committed', 'commit(?:ted|ment)')] -%}
        {%- set steps.text = "regexp_replace(" ~ steps.text ~ ", '\\(\\s*(?:" ~ said ~ "\\W+)*" ~ words
            ~ "(?:\\W+" ~ said ~ ")*\\s*\\)', ' - " ~ charge ~ " ', 'gi')" -%}
    {%- endfor -%}
    regexp_replace({{ steps.text }}, '\([^)]*\)', ' ', 'g')
{%- endmacro %}
