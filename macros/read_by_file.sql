{#
    How the numbers and dates of a file are written is decided by the whole file: one proof in any
    number or date of it, and all are read that way; proof of both ways, and none can be read.
#}

{#
    Landed rows with how their file is read: `decimal_mark` is `comma`, `mixed` or null for the
    point, `date_order` is `dmy`, `mdy`, `mixed` or null where no slashed date proves it, and
    `known_time_zone` the zone of times without an offset.

    A comma is unmistakably decimal where it cannot divide thousands (`12,5`, `0,125`), or after
    dots that do (`1.250,5`); two dots in a number are thousands too. So for the point. A slashed
    date tells its order where one of its numbers is no month.
#}
{% macro rows_read_by_file(dataset, numbers, dates, times) -%}
    {%- set dates = dates + times -%}
    {%- set decimal = {
        'comma': "(?:\\d*,(?:\\d{1,2}|\\d{4,})|(?:\\d{4,}|0\\d*)?,\\d{3}|\\d{1,3}(?:[. \\x{A0}\\x{202F}]\\d{3})+,\\d+"
            ~ "|\\d{1,3}(?:[.]\\d{3}){2,})",
        'point': "(?:\\d*[.](?:\\d{1,2}|\\d{4,})|(?:\\d{4,}|0\\d*)?[.]\\d{3}|\\d{1,3}(?:[, \\x{A0}\\x{202F}]\\d{3})+[.]\\d+"
            ~ "|\\d{1,3}(?:,\\d{3}){2,})(?:[eE][+-]?\\d+)?",
    } -%}
    {%- set number = '[\\s\\x{A0}]*[+-]?' ~ '%s' ~ '[\\s\\x{A0}]*' -%}
    select
        landed_rows.*
        {%- if numbers %},
            case
                when numbers_read.is_comma and numbers_read.is_point then 'mixed'
                when numbers_read.is_comma then 'comma'
            end as decimal_mark
        {%- endif %}
        {%- if dates %},
            case
                when dates_read.is_dmy and dates_read.is_mdy then 'mixed'
                when dates_read.is_dmy then 'dmy'
                when dates_read.is_mdy then 'mdy'
            end as date_order
        {%- endif %}
        {%- if times %},
            time_zones.name as known_time_zone
        {%- endif %}
    from {{ source('lake', dataset) }} as landed_rows
    {%- if numbers %}
        left join (
            select
                file_id,
                true as is_comma,
                bool_or({% for column in numbers -%}
                    regexp_full_match({{ column }}, '{{ number | replace('%s', decimal.point) }}')
                    {{- ' or ' if not loop.last }}
                {%- endfor %}) as is_point
            from {{ source('lake', dataset) }}
            where file_id in (
                select file_id from {{ source('lake', dataset) }}
                where
                    {% for column in numbers -%}
                        (
                            ({{ column }} like '%,%' or {{ column }} like '%.%.%')
                            and regexp_full_match({{ column }}, '{{ number | replace('%s', decimal.comma) }}')
                        )
                        {{- ' or ' if not loop.last }}
                    {% endfor %}
            )
            group by file_id
        ) as numbers_read
            on landed_rows.file_id = numbers_read.file_id
    {%- endif %}
    {%- if dates %}
        left join (
            select
                file_id,
                bool_or({% for column in dates -%}
                    regexp_matches({{ column }}, '^\s*(?:1[3-9]|2\d|3[01])/(?:0?[1-9]|1[0-2])/\d{4}\b')
                    {{- ' or ' if not loop.last }}
                {%- endfor %}) as is_dmy,
                bool_or({% for column in dates -%}
                    regexp_matches({{ column }}, '^\s*(?:0?[1-9]|1[0-2])/(?:1[3-9]|2\d|3[01])/\d{4}\b')
                    {{- ' or ' if not loop.last }}
                {%- endfor %}) as is_mdy
            from {{ source('lake', dataset) }}
            where
                {% for column in dates -%}
                    {{ column }} like '%/%/%'{{ ' or ' if not loop.last }}
                {%- endfor %}
            group by file_id
        ) as dates_read
            on landed_rows.file_id = dates_read.file_id
    {%- endif %}
    {%- if times %}
        left join pg_timezone_names() as time_zones
            on lower(trim(landed_rows.time_zone)) = lower(time_zones.name)
    {%- endif %}
{%- endmacro %}

{# What is never a value: a text that cannot be read in the way of its file. #}
{% macro unreadable_text(column) -%}
    {{ column }} || ' ?'
{%- endmacro %}

{# A number as its file writes it, with a decimal point and nothing between thousands. #}
{% macro number_by_file(column) -%}
    case
        when decimal_mark is null then {{ column }}
        when
            decimal_mark = 'comma'
            and regexp_full_match(
                {{ column }}, '[+-]?(?:\d+|\d{1,3}(?:[. \x{A0}\x{202F}]\d{3})+)?(?:,\d*)?(?:[eE][+-]?\d+)?'
            )
            then replace(regexp_replace({{ column }}, '[. \x{A0}\x{202F}]', '', 'g'), ',', '.')
        else {{ unreadable_text(column) }}
    end
{%- endmacro %}

{#
    A date or time as ISO 8601. The first instant of all, which client libraries write for none, is
    none. A slashed date is read in the order its file proves, in any where both numbers are equal
    or the year comes first.
#}
{% macro date_by_file(column) -%}
    case
        when
            {{ column }} is null
            or regexp_matches({{ column }}, '^(?:0001-01-01|0?1/0?1/0001)') then null
        when date_order = 'mixed' then {{ unreadable_text(column) }}
        when {{ column }} not like '%/%' then {{ column }}
        else coalesce({{ slashed_date(column) }}, {{ column }})
    end
{%- endmacro %}

{# A slashed date as ISO 8601; null if it is none, or its order is not known. #}
{% macro slashed_date(column) -%}
    list_transform(
        [regexp_extract(
            regexp_replace({{ column }}, '^(\d{4})/(\d{1,2})/(\d{1,2})', '\2/\3/\1'),
            '^(\d{1,2})/(\d{1,2})/(\d{4})'
            || '(?:[ T,]+(\d{1,2}):(\d{2})(?::(\d{2}(?:[.]\d+)?))?)?'
            || '\s*(?:([AaPp])[.]?[Mm][.]?)?\s*(Z|[+-]\d{2}:?\d{2})?$',
            ['first', 'second', 'year', 'hour', 'minute', 'seconds', 'half', 'zone']
        )],
        lambda part: case
            when
                part.year = ''
                or (part.half <> '' and coalesce(try_cast(part.hour as integer), 0) not between 1 and 12)
                or (
                    date_order is null
                    and part.first::integer <> part.second::integer
                    and not regexp_matches({{ column }}, '^\d{4}/')
                ) then null
            else
                part.year || '-'
                || if(
                    date_order = 'dmy' and not regexp_matches({{ column }}, '^\d{4}/'),
                    lpad(part.second, 2, '0') || '-' || lpad(part.first, 2, '0'),
                    lpad(part.first, 2, '0') || '-' || lpad(part.second, 2, '0')
                )
                || if(part.hour = '', '', 'T' || lpad(
                    case lower(part.half)
                        when 'p' then (part.hour::integer % 12 + 12)::varchar
                        when 'a' then (part.hour::integer % 12)::varchar
                        else part.hour
                    end, 2, '0'
                ) || ':' || part.minute || ':' || if(part.seconds = '', '00', part.seconds))
                || part.zone
        end
    )[1]
{%- endmacro %}

{#
    A time as ISO 8601, UTC where the row's zone is declared and the time has no offset of its own.
    A time that the clocks of the zone jump over is none; of one they show twice the later counts.
#}
{% macro time_by_file(column) -%}
    list_transform(
        [{{ date_by_file(column) }}],
        lambda written: case
            when written is null or time_zone is null or regexp_matches(
                written, '(?:[zZ]|\d{2}:\d{2}(?::\d{2}(?:[.]\d+)?)?\s*[+-]\d{2}(?::?\d{2})?)$'
            ) then written
            when
                timezone(
                    known_time_zone, timezone(known_time_zone, try_cast(written as timestamp))
                ) = try_cast(written as timestamp)
                then (
                    timezone(known_time_zone, try_cast(written as timestamp)) at time zone 'UTC'
                )::varchar
            else {{ unreadable_text('written') }}
        end
    )[1]
{%- endmacro %}
