{#
    A customer's phone number as `+` and its digits, null if the text is none: digits with the
    punctuation of numbers between them, `tel:` or the like before them, seven to fifteen as
    E.164 has them. What has letters, or more digits, is an id of the platform's own, whose
    digits alone would make two customers one (CONV-06).
#}
{% macro phone_account(text) -%}
    case
        when regexp_full_match({{ text }}, '(?i)(?:(?:tel|sms|whatsapp):)?\s*\+?[0-9\s()./-]+')
            and regexp_full_match(
                regexp_replace({{ text }}, '[^0-9]', '', 'g'), '[0-9]{7,15}'
            )
            then '+' || regexp_replace({{ text }}, '[^0-9]', '', 'g')
    end
{%- endmacro %}
