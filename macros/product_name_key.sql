{#
    What is left of a product's name once spelling, the brand and the terms for how it is
    counted or paid are taken away: `Genesys Cloud CX 2 Concurrent`, `PureCloud 2 Concurrent
    User – Prepay` and `cx2` share one key. Compare keys only with keys.
#}
{% macro product_name_key(text) -%}
    regexp_replace(
        regexp_replace(
            regexp_replace(
                regexp_replace(lower({{ text }}), '[^\p{L}\p{N}]', '', 'g'),
                '^purecloud([1-4])', 'cx\1'
            ),
            '^(genesyscloud|purecloud|cloud)', ''
        ),
        '(named|concurrent)?(user|userhour|hour|month)?s?(prepay|prepaid)?$', ''
    )
{%- endmacro %}
