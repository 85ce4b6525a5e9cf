{#
    The words of an invoice line without what names no product: the brand, telephone numbers, days
    and months, what is in brackets, a part number in front (digits alone, or three of them at least),
    and at the end an order, contract or the like with its number, or a cost centre, site or other place
    with its number or, behind a colon, its name. What is behind `Contract:` in words may be what is
    paid for. 911 and 112 are services and no part numbers, `24x7` are hours.
#}
{% macro words_of_wording(text) -%}
    {%- set month = '(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?'
        ~ '|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)' -%}
    {%- set number = '\\b(?:\\s+(?:no|number|id)\\b)?[.]?\\s*' -%}
    {%- set numbered = '(?:[\\w./-]*\\d[\\w./-]*[\\s,;]*)+' -%}
    {%- set places = '(?:cost cent(?:er|re)|site|location|department|division|region)' -%}
    {%- set labels = '(?:' ~ places ~ '|team|po|order|contract|ref(?:erence)?|account|sku|part|item)' -%}
    {%- set label = '[–—,;:-]\\s*(?:' ~ places ~ number ~ '[:#][^:#]*|' ~ labels ~ number
        ~ '(?:[:#]\\s*)?' ~ numbered ~ '|' ~ labels ~ number ~ '[:#]\\W*)$' -%}
    {%- set cuts = [
        label,
        '\\+\\d[\\d ().*x/–-]{5,}|(?:\\b1[ .-]?)?\\(\\d{3}\\) ?\\d{3}[ .-]?\\d{4}\\b'
            ~ '|\\b(?:1[ .-])?\\d{3}[ .-]\\d{3}[ .-]\\d{4}\\b|\\b\\d{10,15}\\b',
        '\\([^)]*\\)|\\bgenesys cloud\\b',
        '\\b\\d{4}-\\d{1,2}(?:-\\d{1,2})?\\b|\\b20\\d{2}(?:/\\d{1,2}(?:/\\d{1,2})?|[.]\\d{1,2}[.]\\d{1,2})\\b'
            ~ '|\\b\\d{1,2}[/.]\\d{1,2}[/.]\\d{2,4}\\b|\\b\\d{1,2}/\\d{4}\\b',
        '\\b(?:\\d{1,2}(?:st|nd|rd|th|[.-])\\s*|\\d{2} )?' ~ month ~ '\\b[.]?'
            ~ '(?:[ -]\\d{1,2}(?:st|nd|rd|th)?\\b,?)?(?:[ -]*(?:20)?\\d{2}\\b)?',
        '\\b(?:q[1-4]|20\\d{2})\\b',
        label,
        '^\\W*(?:(?:sku|part|item|line|pos)\\b[\\s.:#]*(?:(?:no|number|id)\\b[\\s.:#]*)?)?'
            ~ '(?:\\d+|[\\w./-]*\\d[\\w./-]*\\d[\\w./-]*\\d[\\w./-]*?)(?:[.:)]\\s*|\\s*[–—-]\\s+|\\s+)',
    ] -%}
    {%- set steps = namespace(
        text="regexp_replace(regexp_replace(lower(" ~ text
        ~ "), '\\b(?:e[ -]?)?(?:911|112)\\b', ' emergency ', 'g')"
        ~ ", '\\b\\d{1,3}x\\d{1,3}(?:x\\d{1,3})?\\b|\\b24[/-]7(?:[/-]365)?(?:\\s|$)', ' hours ', 'g')"
    ) -%}
    {%- for cut in cuts -%}
        {%- set steps.text = "regexp_replace(" ~ steps.text ~ ", '" ~ cut ~ "', ' ', 'g')" -%}
    {%- endfor -%}
    regexp_extract_all({{ steps.text }}, '[\p{L}\p{N}]+')
{%- endmacro %}
