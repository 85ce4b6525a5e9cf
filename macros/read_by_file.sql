{#
    How the numbers and dates of a file are written is decided by the whole file: one proof in any
    number or date of it, and all are read that way; proof of both ways, and none can be read.
#}

{#
    Landed rows with how their file is read: `decimal_mark` is `comma`, `mixed` or null for the
    point, `date_order` is `dmy`, `mdy`, `mixed` or null where no slashed date proves it, and
    `known_time_zone` the zone of times without an offset. `number_conflict` and `date_conflict` say
    in words why what is written as the file writes it cannot be read, with the proofs.

    A comma is unmistakably decimal where it cannot divide thousands (`12,5`, `0,125`), or after
    dots that do (`1.250,5`); two dots in a number are thousands too. So for the point. A slashed
    date tells its order where one of its numbers is no month.
#}
{% macro rows_read_by_file(dataset, numbers, dates, times, currency=none) -%}
    {%- set relation = (
        '(' ~ rows_without_signs(dataset, numbers, currency) ~ ')' if currency
        else source('lake', dataset)
    ) -%}
    {%- set dates = dates + times -%}
    {%- set decimal = {
        'comma': "(?:\\d*,(?:\\d{1,2}|\\d{4,})|(?:\\d{4,}|0\\d*)?,\\d{3}|\\d{1,3}(?:[. \\x{A0}\\x{202F}]\\d{3})+,\\d+"
            ~ "|\\d{1,3}(?:[.]\\d{3}){2,})",
        'point': "(?:\\d*[.](?:\\d{1,2}|\\d{4,})|(?:\\d{4,}|0\\d*)?[.]\\d{3}|\\d{1,3}(?:[, \\x{A0}\\x{202F}]\\d{3})+[.]\\d+"
            ~ "|\\d{1,3}(?:,\\d{3}){2,})(?:[eE][+-]?\\d+)?",
    } -%}
    {%- set number = '[\\s\\x{A0}]*[+-]?' ~ '%s' ~ '[\\s\\x{A0}]*' -%}
    {%- set day = "regexp_extract(text, '[0-9/]+')" -%}
    {%- set order = {
        'dmy': '^\\s*(?:1[3-9]|2\\d|3[01])/(?:0?[1-9]|1[0-2])/\\d{4}\\b',
        'mdy': '^\\s*(?:0?[1-9]|1[0-2])/(?:1[3-9]|2\\d|3[01])/\\d{4}\\b',
    } -%}
    select
        landed_rows.* replace (
            coalesce(
                landed_rows.withdrawn_at,
                case
                    when landed_rows.file_id in ({{ split_answer_files(dataset) }})
                        then landed_rows.landed_at
                end
            ) as withdrawn_at
        )
        {%- if numbers %},
            case
                when numbers_read.point.shown is not null then 'mixed'
                when numbers_read.comma.shown is not null then 'comma'
            end as decimal_mark,
            'one decimal mark in the whole file: '
            || numbers_read.comma.shown || ' has a decimal comma, '
            || numbers_read.point.shown || ' a decimal point'
        {%- else %},
            null::varchar
        {%- endif %} as number_conflict
        {%- if currency %},
            grouped_files.file_id is not null as has_comma_groups
        {%- endif %}
        {%- if dates %},
            case
                when dates_read.dmy.shown is not null and dates_read.mdy.shown is not null then 'mixed'
                when dates_read.dmy.shown is not null then 'dmy'
                when dates_read.mdy.shown is not null then 'mdy'
            end as date_order,
            case
                when dates_read.dmy.shown is not null and dates_read.mdy.shown is not null
                    then 'one order of day and month in the whole file: '
                    || dates_read.dmy.shown || ' has the day first, '
                    || dates_read.mdy.shown || ' the month'
                when
                    dates_read.file_id is not null
                    and dates_read.dmy.shown is null
                    and dates_read.mdy.shown is null
                    then 'a date like 2026-01-31: no date of the file has a day above 12, '
                    || 'which would prove whether the day or the month stands first'
            end
        {%- else %},
            null::varchar
        {%- endif %} as date_conflict
        {%- if times %},
            time_zones.name as known_time_zone
        {%- endif %}
    from {{ relation }} as landed_rows
    {%- if numbers %}
        left join (
            select
                file_id,
                {{ first_proof(full_match(number, decimal.comma)) }} as comma,
                {{ first_proof(full_match(number, decimal.point)) }} as point
            from (
                {%- set files_with_comma -%}
                    landed.file_id in (
                        select file_id
                        from (
                            {{ texts_of_numbers(dataset, numbers, currency, any_like(numbers, ['%,%', '%.%.%'])) }}
                        )
                        where {{ full_match(number, decimal.comma) }}
                    )
                {%- endset %}
                {{ texts_of_numbers(dataset, numbers, currency, files_with_comma) }}
            )
            group by file_id
        ) as numbers_read
            on landed_rows.file_id = numbers_read.file_id
    {%- endif %}
    {%- if currency %}
        left join (
            select distinct file_id
            from ({{ texts_of_numbers(dataset, numbers, currency, any_like(numbers, ['%,%'])) }})
            where
                text like '%,%'
                and regexp_full_match(text, '[\s\x{A0}]*[+-]?\d{1,3}(?:(?:,\d{3})+[.]\d+|(?:,\d{3}){2,})[\s\x{A0}]*')
        ) as grouped_files
            on landed_rows.file_id = grouped_files.file_id
    {%- endif %}
    {%- if dates %}
        left join (
            select
                file_id,
                {{ first_proof("regexp_matches(text, '" ~ order.dmy ~ "')", day) }} as dmy,
                {{ first_proof("regexp_matches(text, '" ~ order.mdy ~ "')", day) }} as mdy
            from (
                {{ texts_of(source('lake', dataset) ~ ' as landed', dates) }}
                where {{ any_like(dates, ['%/%/%']) }}
            )
            group by file_id
        ) as dates_read
            on landed_rows.file_id = dates_read.file_id
    {%- endif %}
    {%- if times %}
        left join pg_timezone_names() as time_zones
            on lower(trim(landed_rows.time_zone)) = lower(time_zones.name)
    {%- endif %}
{%- endmacro %}

{# A line per row and column, with the text it has there. #}
{% macro texts_of(relation, columns) -%}
    select
        file_id,
        source_row,
        unnest([{{ columns | join(', ') }}]) as text
    from {{ relation }}
{%- endmacro %}

{#
    The texts of the numbers in landed rows for which a condition holds. It is asked of the row as it
    is landed: signs are cut, which is slow, only where something can be learned.
#}
{% macro texts_of_numbers(dataset, numbers, currency, condition) -%}
    {%- if currency -%}
        {{ texts_of('(' ~ rows_without_signs(dataset, numbers, currency, condition) ~ ')', numbers) }}
    {%- else -%}
        {{ texts_of(source('lake', dataset) ~ ' as landed', numbers) }}
        where {{ condition }}
    {%- endif -%}
{%- endmacro %}

{# Whether one of the columns of a landed row is like one of the patterns. #}
{% macro any_like(columns, patterns) -%}
    (
        {%- for column in columns %}
            {%- set last = loop.last %}
            {%- for pattern in patterns %}
                landed.{{ column }} like '{{ pattern }}'{{ ' or ' if not (last and loop.last) }}
            {%- endfor %}
        {%- endfor %}
    )
{%- endmacro %}

{# Whether a text is a number written in a way. #}
{% macro full_match(number, way) -%}
    regexp_full_match(text, '{{ number | replace('%s', way) }}')
{%- endmacro %}

{# The proof in the first row of a file that has one, in words. #}
{% macro first_proof(condition, shown='trim(text)') -%}
    min({
        'source_row': source_row,
        'shown': {{ shown }} || ' in row ' || source_row
    }) filter (where {{ condition }})
{%- endmacro %}

{# What is never a value: a text that cannot be read in the way of its file. #}
{% macro unreadable_text(column) -%}
    {{ column }} || ' ?'
{%- endmacro %}

{# A number as its file writes it, with a decimal point and nothing between thousands. #}
{% macro number_by_file(column, has_signs=false) -%}
    case
        {%- if has_signs %}
        when
            decimal_mark is null
            and (
                regexp_full_match({{ column }}, '[+-]?\d{1,3}(?:,\d{3})+[.]\d*(?:e-2)?')
                or regexp_full_match({{ column }}, '[+-]?\d{1,3}(?:[ \x{A0}\x{202F}]\d{3})+(?:[.]\d*)?(?:e-2)?')
                or (has_comma_groups and regexp_full_match({{ column }}, '[+-]?\d{1,3}(?:,\d{3})+'))
            )
            then regexp_replace({{ column }}, '[, \x{A0}\x{202F}]', '', 'g')
        {%- endif %}
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
    or the year comes first; a date (`with_words`) also where its month has a name.
#}
{% macro date_by_file(column, with_words=false) -%}
    case
        when
            {{ column }} is null
            or regexp_matches({{ column }}, '^(?:0001-01-01|0?1/0?1/0001)') then null
        when date_order = 'mixed' then {{ unreadable_text(column) }}
        when {{ column }} {{ "like '____-__-__%'" if with_words else "not like '%/%'" }} then {{ column }}
        else coalesce(
            {{ slashed_date(column) }},
            {%- if with_words %}
            {{ date_in_words(column) }},
            {%- endif %}
            {{ column }}
        )
    end
{%- endmacro %}

{#
    A date whose month has its English name, whole or short, as ISO 8601; null if it is none. The
    year has four digits: `07-May-26` could be two days.
#}
{% macro date_in_words(column) -%}
    list_transform(
        [regexp_extract(
            {{ column }},
            '(?i)^(?:(\d{1,2})(?:st|nd|rd|th)?[ \x{A0}.,/-]{1,2})?([a-z]{3,9})[ \x{A0}.,/-]{1,2}'
            || '(?:(\d{1,2})(?:st|nd|rd|th)?[ \x{A0}.,/-]{1,2})?(\d{4})([ T]\d.*)?$',
            ['day', 'month', 'day_behind', 'year', 'time']
        )],
        lambda part: case
            when (part.day = '') <> (part.day_behind = '') then
                strftime(
                    try_strptime(
                        part.day || part.day_behind || ' '
                        || regexp_replace(part.month, '^sept$', 'Sep', 'i') || ' ' || part.year,
                        ['%d %B %Y', '%d %b %Y']
                    ),
                    '%Y-%m-%d'
                ) || part.time
        end
    )[1]
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
    {#- A time in UTC is one in any zone and order: it needs none of the expressions below. #}
    if({{ column }} like '20__-__-__T__:__:__Z', {{ column }}, list_transform(
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
    )[1])
{%- endmacro %}
