{#
    What is published of rejected rows hides whom they are about, unless the build was asked to
    show it (`show_personal_data`). Which columns are personal is declared in _sources.yml.
#}

{# The columns of a dataset that hold a number, an address, an e-mail or a person's name. #}
{% macro personal_columns(dataset) -%}
    {% set found = [] %}
    {% for source in (graph.sources.values() if execute else []) if source.name == dataset %}
        {% for column in source.columns.values() if column.meta.personal %}
            {% do found.append(column.name) %}
        {% endfor %}
    {% endfor %}
    {{ return(found) }}
{%- endmacro %}

{# Whether the build publishes rows and names as they were landed. #}
{% macro shows_personal_data() -%}
    coalesce(getvariable('show_personal_data'), {{ var('show_personal_data') }})
{%- endmacro %}

{#
    A landed row, JSON, as it may be published: nothing of its personal columns and of those nobody
    declared, the other columns without the e-mails and numbers in them (a row can be shifted, an
    id can be an e-mail), and of text that could not be split its shape.
#}
{% macro masked_row(row, personal_columns) -%}
    to_json(map_from_entries(list_transform(
        map_entries(from_json({{ row }}, '"MAP(VARCHAR, VARCHAR)"')),
        lambda entry: {
            'key': entry.key,
            'value': case
                when entry.key = 'parse_error' then entry.value
                when entry.key = 'raw_text' then {{ masked_shape('entry.value') }}
                when entry.key = 'extra_columns' then {{ masked_extra_columns('entry.value') }}
                when list_contains({{ personal_columns }}, entry.key) then {{ masked('entry.value') }}
                else {{ masked_text('entry.value') }}
            end
        }
    )))
{%- endmacro %}

{# The columns nobody declared, JSON as text, with their values masked. #}
{% macro masked_extra_columns(columns) -%}
    to_json(map_from_entries(list_transform(
        map_entries(from_json({{ columns }}, '"MAP(VARCHAR, VARCHAR)"')),
        lambda extra: {'key': extra.key, 'value': {{ masked('extra.value') }}}
    )))::varchar
{%- endmacro %}

{# A personal value: of an e-mail its domain is left, of a long number its last four digits. #}
{% macro masked(value) -%}
    if(
        regexp_matches({{ value }}, '^\s*$'),
        {{ value }},
        '***' || coalesce(
            nullif(regexp_extract(
                {{ value }}, '[^@\s](@[A-Za-z][A-Za-z0-9.-]*\.[A-Za-z]+)\s*$', 1
            ), ''),
            regexp_extract(
                regexp_replace({{ value }}, '[^0-9]', '', 'g'), '[0-9]{5}([0-9]{4})$', 1
            )
        )
    )
{%- endmacro %}

{#
    A number of a person: seven digits and more, with spaces, dashes, dots, slashes or brackets
    between them or none.
#}
{% macro number_pattern() -%}
    [+]?\p{Nd}(?:[\p{Z}\p{Pd}\t()./]{0,4}\p{Nd}){6,}
{%- endmacro %}

{# What has as many digits and is none: a date or timestamp, and a GUID. #}
{% macro kept_pattern() -%}
    {%- set year, month, day = '(?:19|20)[0-9]{2}', '(?:0[1-9]|1[0-2])', '(?:0[1-9]|[12][0-9]|3[01])' -%}
    {%- set time = '[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.][0-9]{1,9})?)?(?: ?(?:Z|[+-][0-9]{2}:?[0-9]{2}))?' -%}
    {{- [
        '[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}\\b',
        year ~ '[-/]' ~ month ~ '[-/]' ~ day ~ '(?:' ~ time ~ ')?\\b',
        '(?:[0-2]?[0-9]|3[01])[/.](?:[0-2]?[0-9]|3[01])[/.]' ~ year ~ '\\b',
    ] | join('|') -}}
{%- endmacro %}

{# A network address. #}
{% macro address_pattern() -%}
    [0-9]{1,3}(?:[.][0-9]{1,3}){3}
{%- endmacro %}

{# The digits of a text. #}
{% macro digits_of(text) -%}
    regexp_replace({{ text }}, '\P{Nd}', '', 'g')
{%- endmacro %}

{# A text in parts, each what is kept, an address, a number or what is between; without e-mails. #}
{% macro parts_of(text) -%}
    regexp_extract_all(
        regexp_replace({{ text }}, '(?:"[^"]*"|[^\s,;:"<>()@]+)(@|%40)', '***\1', 'g'),
        '{{ kept_pattern() }}|{{ address_pattern() }}|{{ number_pattern() }}|[^\p{Nd}A-Fa-f+]+|(?s:.)'
    )
{%- endmacro %}

{# The digits of each number in a text that `masked_text` masks. #}
{% macro numbers_in(text) -%}
    list_transform(
        list_filter(
            {{ parts_of(text) }},
            lambda part: regexp_full_match(part, '{{ number_pattern() }}')
            and not regexp_full_match(part, '{{ kept_pattern() }}|{{ address_pattern() }}')
        ),
        lambda part: {{ digits_of('part') }}
    )
{%- endmacro %}

{#
    Text with the e-mails, numbers and network addresses in it masked; a number keeps its last two
    digits. What looks like one and is not: a date or timestamp, a GUID, and a value that is a plain
    decimal as prices and quantities are, or a date that cannot be (`2026-13-01`). Seven bare digits are masked even where they are a
    quantity, because a shifted row may have a number there, and so is a digit right before a date.
    A sentence of ours has figures of its own: of its numbers only those are masked that hold one of
    `among`, a list of digits.
#}
{% macro masked_text(text, among=none) -%}
    {%- set decimal = '-?(?:0[.][0-9]+|[1-9][0-9]{0,5}[.][0-9]{1,6})' -%}
    {%- set like_a_date = '(?:19|20)[0-9]{2}[-/][0-9]{2}[-/][0-9]{2}(?:[T ][0-9]{2}(?::[0-9]{2}){1,2}Z?)?' -%}
    if(
        regexp_full_match({{ text }}, '\s*(?:{{ decimal }}|{{ like_a_date }})\s*'),
        {{ text }},
        array_to_string(
            list_transform(
                {{ parts_of(text) }},
                lambda part: case
                    when regexp_full_match(part, '{{ kept_pattern() }}') then part
                    when regexp_full_match(part, '{{ address_pattern() }}') then '***'
                    when
                        regexp_full_match(part, '{{ number_pattern() }}')
                        {%- if among %}
                        and len(list_filter(
                            {{ among }}, lambda digits: contains({{ digits_of('part') }}, digits)
                        )) > 0
                        {%- endif %}
                        then '***' || right({{ digits_of('part') }}, 2)
                    else part
                end
            ),
            ''
        )
    )
{%- endmacro %}

{# Whether a text may hold an e-mail, a number of a person or a network address: cheap to ask. #}
{% macro may_be_personal(text) -%}
    regexp_matches({{ text }}, '@|%40|{{ number_pattern() }}|{{ address_pattern() }}')
{%- endmacro %}

{# Words of a file as they are published. #}
{% macro masked_words(text) -%}
    case
        when {{ shows_personal_data() }} or not {{ may_be_personal(text) }} then {{ text }}
        else {{ masked_text(text) }}
    end
{%- endmacro %}

{#
    An id as it is published. One that is an e-mail or a number, or holds one, is masked, and told
    from others by the beginning of its keyed hash: `***@x.example~0a1b2c3d4e5f`.
#}
{% macro masked_id(id, org_id='org_id') -%}
    {{ masked_where(may_be_personal(id), id, org_id) }}
{%- endmacro %}

{#
    What a document or a device is called: the number of an invoice, an order, a contract. It has
    as many digits as a phone number, and stays; not so an e-mail, a network address and a
    number written with a plus.
#}
{% macro masked_document(id, org_id='landed.org_id') -%}
    {{ masked_where(
        "regexp_matches(%s, '@|%%40|[+][\\s(]*\\p{Nd}|%s')" % (id, address_pattern()), id, org_id
    ) }}
{%- endmacro %}

{# An id that is masked, and told from others by its keyed hash, where a condition holds. #}
{% macro masked_where(condition, id, org_id) -%}
    case
        when {{ shows_personal_data() }} or not {{ condition }} then {{ id }}
        else list_extract(
            list_transform(
                [{{ masked_text(id) }}],
                lambda shown: if(
                    shown = {{ id }},
                    shown,
                    shown || '~' || left({{ keyed_hash(id, org_id) }}, 12)
                )
            ),
            1
        )
    end
{%- endmacro %}

{#
    The carrier's id of a call, with the network address of its host hidden: what is before it is
    no e-mail.
#}
{% macro masked_call_id(id, org_id='org_id') -%}
    {%- set of_host = '^[^@]*@' ~ address_pattern() ~ '(?::[0-9]+)?$' -%}
    case
        when not {{ shows_personal_data() }} and regexp_matches({{ id }}, '{{ of_host }}')
            then {{ masked_id("split_part(%s, '@', 1)" % id, org_id) }} || '@***'
        else {{ masked_id(id, org_id) }}
    end
{%- endmacro %}

{# A name or e-mail that is no id of anybody: nothing of it is shown but a domain. #}
{% macro masked_person(name, org_id='org_id') -%}
    if(
        {{ shows_personal_data() }},
        {{ name }},
        {{ masked(name) }} || '~' || left({{ keyed_hash(name, org_id) }}, 12)
    )
{%- endmacro %}

{#
    A value in a column of numbers is written as one, thousands divided: `2 345 678`, `$1,234,567.5`.
    It is the culprit then and may be shown, though it has as many digits as a phone number.
#}
{% macro is_amount(value) -%}
    regexp_full_match(
        {{ value }},
        '\s*-?[$€£¥]? ?[1-9][0-9]{0,2}(?:[., \x{A0}\x{202F}''’][0-9]{3})+(?:[.,][0-9]{1,6})?\s*'
    )
{%- endmacro %}

{# A value in a column of dates is written as one, be it of a day there is not: `20260230`, `32.05.2026`. #}
{% macro is_like_a_date(value) -%}
    regexp_full_match(
        {{ value }},
        '\s*(?:(?:19|20)[0-9]{6}|[0-9]{1,2}[./-][0-9]{1,2}[./-](?:19|20)?[0-9]{2})(?:[T ][0-9:.]+Z?)?\s*'
    )
{%- endmacro %}

{# The shape of a text: letters are x, digits are 9, so that separators can be counted. #}
{% macro masked_shape(text) -%}
    regexp_replace(regexp_replace({{ text }}, '[\p{L}\p{M}]', 'x', 'g'), '\p{N}', '9', 'g')
{%- endmacro %}
