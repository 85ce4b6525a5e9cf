{#
    The frame of a staging model: landed rows are cleaned here, the model types them,
    `rejection` says why a row cannot count, `row_status` which row of a key counts.
#}

{#
    The landed rows of a dataset: blanks around a text are noise, an empty text is null, and
    `numbers`, `dates` and `times` are read as the whole file writes them (`read_by_file`). `raw`
    is the cleaned row as a struct, to tell a missing value from one that could not be read; it says
    too where its file contradicts itself (`number_conflict`, `date_conflict`). Where there is a column
    `currency`, numbers may be written as on paper (`rows_without_signs`).
    Rows of an answer of which a part is missing count no more than withdrawn ones
    (`split_answer_files`).
#}
{% macro landed_rows(dataset, numbers=[], dates=[], times=[], currency=none) -%}
    {%- set provenance = (
        "('org_id', 'file_id', 'source_file', 'source_row', 'landed_at', 'withdrawn_at',"
        " 'parse_error')"
    ) -%}
    {%- set readings = (
        ['decimal_mark'] * (numbers | length > 0)
        + ['has_comma_groups'] * (currency is not none)
        + ['date_order'] * ((dates + times) | length > 0)
        + ['known_time_zone'] * (times | length > 0)
    ) -%}
    select
        *,
        cleaned_rows as raw
    from (
        select
            *
            {%- if readings %} exclude ({{ readings | join(', ') }})
            replace (
                {%- for column in numbers %}
                {{ number_by_file(column, currency is not none) }} as {{ column }}{{ ',' if not loop.last or dates or times }}
                {%- endfor %}
                {%- for column in dates %}
                {{ date_by_file(column, with_words=true) }} as "{{ column }}"{{ ',' if not loop.last or times }}
                {%- endfor %}
                {%- for column in times %}
                {{ time_by_file(column) }} as "{{ column }}"{{ ',' if not loop.last }}
                {%- endfor %}
            )
            {%- endif %}
        from (
            select
                {%- for reading in readings %}
                {{ reading }},
                {%- endfor %}
                columns(lambda name: name in {{ provenance }}),
                nullif(trim(
                    columns(
                        lambda name: name not in {{ provenance }}
                        and name not in ('extra_columns', 'raw_text')
                        {%- for reading in readings %}
                        and name <> '{{ reading }}'
                        {%- endfor %}
                    ),
                    ' ' || chr(9) || chr(10) || chr(13) || chr(160)
                ), '')
            from ({{ rows_read_by_file(dataset, numbers, dates, times, currency) }}) as landed_rows
        ) as trimmed_rows
    ) as cleaned_rows
{%- endmacro %}

{# Where a row comes from, and the row itself: the first columns of the step `typed`. #}
{% macro provenance() -%}
    landed.org_id,
    landed.file_id,
    landed.source_file,
    landed.source_row,
    landed.landed_at,
    landed.withdrawn_at,
    landed.parse_error,
    landed.raw
{%- endmacro %}

{#
    Why a row cannot count, as three columns: `reject_reason`, the column of the file that is to
    blame (`reject_column`, null where no single one is), and what would be right in words
    (`reject_expected`, null where the words of the reason say it, seed reject_reasons).

    `checks` are pairs of a reason and what is checked for it: {column of the file: condition}, or
    {column of the file: (condition, what would be right)}. The first that holds counts; why a row
    could not be split comes before all. `missing`, `unreadable`, `none_of` and `another_century`
    make such checks of lists of columns. `check-files`, which is there to find them all at once,
    asks for every check that holds too (`tells_every_mistake`), as the list `mistakes`.
#}
{% macro rejection(checks) -%}
    unnest(
        case
            when parse_error is not null then {{ because(none, none) }}
            {%- for reason, columns in checks %}
                {%- for column, check in columns.items() %}
                    {%- set condition, expected = (check, none) if check is string else check %}
            when {{ condition }} then {{ because(reason, column, expected) }}
                {%- endfor %}
            {%- endfor %}
        end
    )
    {%- if var('tells_every_mistake', false) %},
    list_filter(
        [
            {%- for reason, columns in checks %}
                {%- set is_last_reason = loop.last %}
                {%- for column, check in columns.items() %}
                    {%- set condition, expected = (check, none) if check is string else check %}
            if(
                parse_error is null and ({{ condition }}),
                struct_insert(
                    {{ because(reason, column, expected) }},
                    is_of_file := {{ is_of_file(reason, column) }}
                ),
                null
            ){{ ',' if not (is_last_reason and loop.last) }}
                {%- endfor %}
            {%- endfor %}
        ],
        lambda mistake: mistake is not null
    ) as mistakes
    {%- endif %}
{%- endmacro %}

{# What `rejection` says of a row; without a reason it is why the row could not be split. #}
{% macro because(reason, column, expected=none) -%}
    {
        'reject_reason': {{ dbt.string_literal(reason) if reason else 'parse_error' }},
        'reject_column': {{ dbt.string_literal(column) if column else 'null::varchar' }},
        'reject_expected':
            {%- set words = dbt.string_literal(expected) if expected else 'null::varchar' -%}
            {%- set conflict = conflicts() -%}
            {%- if reason in conflict %} coalesce(
                if({{ is_of_file(reason, column) }}, raw.{{ conflict[reason] }}, null),
                {{ words }}
            )
            {%- else %} {{ words }}
            {%- endif %}
    }
{%- endmacro %}

{# Why a value cannot be read that is the matter of its whole file, and what says so of it. #}
{% macro conflicts() -%}
    {{ return({'not_a_number': 'number_conflict', 'not_a_timestamp': 'date_conflict'}) }}
{%- endmacro %}

{# Whether a mistake is that of the whole file: it does not tell how such values are written. #}
{% macro is_of_file(reason, column) -%}
    {%- set conflict = conflicts() -%}
    {%- if reason not in conflict -%}
        false
    {%- else -%}
        coalesce(
            raw.{{ conflict[reason] }} is not null
            and (
                {% if reason == 'not_a_timestamp' -%}
                regexp_matches(
                    raw."{{ column }}", '^(?:0?[1-9]|1[0-2])/(?:0?[1-9]|1[0-2])/\d{4}'
                ) or {% endif -%}
                raw."{{ column }}" like {{ unreadable_text("'%'") }}
            ),
            false
        )
    {%- endif -%}
{%- endmacro %}

{# A column is empty in the file. #}
{% macro missing(columns) -%}
    {%- set checks = {} -%}
    {%- for column in columns -%}
        {%- do checks.update({column: 'raw."' ~ column ~ '" is null'}) -%}
    {%- endfor -%}
    {{ return(checks) }}
{%- endmacro %}

{#
    A value is in the file but could not be read: the columns, or, where they have another name
    once they are typed, {typed column: column of the file}.
#}
{% macro unreadable(columns, expected=none) -%}
    {%- set checks = {} -%}
    {%- for typed in columns -%}
        {%- set column = columns[typed] if columns is mapping else typed -%}
        {%- set condition = typed ~ ' is null and raw."' ~ column ~ '" is not null' -%}
        {%- do checks.update({column: (condition, expected)}) -%}
    {%- endfor -%}
    {{ return(checks) }}
{%- endmacro %}

{# A value is none of those that its column takes: {column: [values]}. #}
{% macro none_of(choices) -%}
    {%- set checks = {} -%}
    {%- for column, values in choices.items() -%}
        {%- set condition = column ~ " not in ('" ~ values | join("', '") ~ "')" -%}
        {%- set expected = values[:-1] | join(', ') ~ ' or ' ~ values[-1] -%}
        {%- do checks.update({column: (condition, expected)}) -%}
    {%- endfor -%}
    {{ return(checks) }}
{%- endmacro %}

{# Where a word or an id belongs, PowerShell wrote the name of an object: nothing by that name. #}
{% macro names_of_objects(columns) -%}
    {%- set checks = {} -%}
    {%- for column in columns -%}
        {%- do checks.update({column: is_name_of_object('raw."' ~ column ~ '"')}) -%}
    {%- endfor -%}
    {{ return(checks) }}
{%- endmacro %}

{# A date of another century is a typing error, and would be cycles without end. #}
{% macro another_century(columns) -%}
    {%- set checks = {} -%}
    {%- for column in columns -%}
        {%- set condition = "extract('year' from " ~ column ~ ") not between 1970 and 2099" -%}
        {%- set expected = 'a date between 1970 and 2099, like 2026-01-31' -%}
        {%- do checks.update({column: (condition, expected)}) -%}
    {%- endfor -%}
    {{ return(checks) }}
{%- endmacro %}

{# Whether a text is what PowerShell writes for an object or a list: `@{id=1}`, or the name of its type. #}
{% macro is_name_of_object(value) -%}
    (
        left({{ value }}, 1) in ('@', 'S', 'D', 'M')
        and regexp_matches(
            {{ value }},
            '^@[{]|^(?:(?:Selected|Deserialized)[.])*(?:'
            || 'System[.](?:(?:Object|DBNull|Collections|Management[.]Automation)\b|[A-Za-z0-9_.`]+[[])'
            || '|Microsoft[.]PowerShell[.])'
        )
    )
{%- endmacro %}

{# What would be right of a rejected value that tells which tool wrote it; else null. #}
{% macro said_of_tool(value, reason) -%}
    case
        when {{ value }} like '/Date(%'
            then 'a time as the platform wrote it: /Date(...)/ is of ConvertTo-Json in Windows PowerShell; '
            || 'convert with PowerShell 7, or deliver the answer as it came'
        when {{ is_name_of_object(value) }}
            then 'what the platform answered: PowerShell wrote the name of an object here; '
            || 'use ConvertTo-Json -Depth 100, or deliver the answer as it came'
        when {{ reason }} = 'not_a_timestamp' and regexp_full_match({{ value }}, '[34][0-9]{4}([.][0-9]{1,9})?')
            then ('1899-12-30'::date + trunc({{ value }}::decimal(18, 9))::integer)
            || ', if it is a day as spreadsheets count them: write dates as 2026-01-31'
        when {{ reason }} = 'not_a_timestamp' and regexp_full_match({{ value }}, '1[0-9]{9}([0-9]{3})?')
            then 'a time like 2026-01-31T09:00:00Z: seconds or milliseconds since 1970 are not read'
    end
{%- endmacro %}
