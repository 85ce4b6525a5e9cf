{#
    A customer's phone number as `+` and its digits, null if the text is none: digits with the
    punctuation of numbers between them, `tel:` or the like before them. What has letters is an
    id of the platform's own, whose digits alone would make two customers one (CONV-06).
#}
{% macro phone_account(text) -%}
    case
        when regexp_full_match({{ text }}, '(?i)(?:(?:tel|sms|whatsapp):)?\s*\+?[0-9\s()./-]+')
            and regexp_matches({{ text }}, '[0-9]')
            then '+' || regexp_replace({{ text }}, '[^0-9]', '', 'g')
    end
{%- endmacro %}
